"""Stripe's test cards and what each of them does."""

from dataclasses import dataclass

from payments.simulator.errors import ApiError, card_error

NOT_A_TEST_CARD = (
    "Your card was declined. Your request was in test mode, but used a non test card. "
    "For a list of valid test cards, visit: https://stripe.com/docs/testing."
)


@dataclass(frozen=True)
class Refusal:
    """How a card is refused."""

    code: str
    decline_code: str | None
    message: str
    param: str | None = None

    def error(self) -> ApiError:
        """The refusal as Stripe answers it."""
        return card_error(self.message, code=self.code, decline_code=self.decline_code, param=self.param)


@dataclass(frozen=True)
class Card:
    """One test card. `dispute` is a reason, or ``inquiry``."""

    number: str
    brand: str = "visa"
    funding: str = "credit"
    country: str = "US"
    refusal: Refusal | None = None
    attaches: bool = True
    three_d_secure: bool = False
    dispute: str | None = None
    refund_fails: bool = False
    skips_pending: bool = False

    @property
    def last4(self) -> str:
        """The last four digits."""
        return self.number[-4:]


def _declined(decline_code: str, message: str = "Your card was declined.") -> Refusal:
    return Refusal("card_declined", decline_code, message)


GENERIC = _declined("generic_decline")
INSUFFICIENT = _declined("insufficient_funds", "Your card has insufficient funds.")
_EXPIRED = Refusal("expired_card", "expired_card", "Your card has expired.", "exp_month")
_CVC = Refusal("incorrect_cvc", "incorrect_cvc", "Your card's security code is incorrect.", "cvc")
_PROCESSING = Refusal(
    "processing_error",
    "processing_error",
    "An error occurred while processing your card. Try again in a little bit.",
)
_INCORRECT_NUMBER = Refusal("incorrect_number", "incorrect_number", "Your card number is incorrect.", "number")
AUTHENTICATION_REQUIRED = Refusal(
    "authentication_required",
    "authentication_required",
    "Your card was declined. This transaction requires authentication.",
)

_PLAIN = (
    Card("4242424242424242"),
    Card("4000056655665556", funding="debit"),
    Card("5555555555554444", brand="mastercard"),
    Card("5200828282828210", brand="mastercard", funding="debit"),
    Card("378282246310005", brand="amex"),
    Card("6011111111111117", brand="discover"),
    Card("4000002760000016", country="DE"),
    Card("4000002500000003", country="FR"),
    Card("4000000000000077", skips_pending=True),
    Card("4000000000005126", refund_fails=True),
)
_REFUSED = (
    Card("4000000000000002", refusal=GENERIC, attaches=False),
    Card("4000000000009995", refusal=INSUFFICIENT, attaches=False),
    Card("4000000000009987", refusal=_declined("lost_card"), attaches=False),
    Card("4000000000009979", refusal=_declined("stolen_card"), attaches=False),
    Card("4000000000000069", refusal=_EXPIRED, attaches=False),
    Card("4000000000000127", refusal=_CVC, attaches=False),
    Card("4000000000000119", refusal=_PROCESSING, attaches=False),
    Card("4000000000000341", refusal=GENERIC),
)
_AUTHENTICATED = (
    Card("4000002500003155", three_d_secure=True),
    Card("4000002760003184", three_d_secure=True, country="DE"),
    Card("4000000000003220", three_d_secure=True),
    Card("4000008260003178", three_d_secure=True, refusal=INSUFFICIENT),
    Card("4000008400001629", three_d_secure=True, refusal=GENERIC),
)
_DISPUTED = (
    Card("4000000000000259", dispute="fraudulent"),
    Card("4000000000002685", dispute="product_not_received"),
    Card("4000000000001976", dispute="inquiry"),
)
CARDS = {card.number: card for card in (*_PLAIN, *_REFUSED, *_AUTHENTICATED, *_DISPUTED)}

# The part of Stripe's ready-made ids after pm_card_ or tok_.
_NAMES = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210",
    "amex": "378282246310005",
    "discover": "6011111111111117",
    "de": "4000002760000016",
    "fr": "4000002500000003",
    "bypassPending": "4000000000000077",
    "refundFail": "4000000000005126",
    "chargeDeclined": "4000000000000002",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedLostCard": "4000000000009987",
    "chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "chargeCustomerFail": "4000000000000341",
    "authenticationRequired": "4000002760003184",
    "authenticationRequiredOnSetup": "4000002500003155",
    "threeDSecure2Required": "4000000000003220",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "threeDSecureRequiredChargeDeclined": "4000008400001629",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
}


def by_name(identifier: str) -> Card | None:
    """The card behind ``pm_card_visa`` or ``tok_visa``, or None; ``pm_card_visa_chargeDeclined`` is an alias."""
    for prefix in ("pm_card_visa_", "pm_card_", "tok_visa_", "tok_"):
        if identifier.startswith(prefix) and (number := _NAMES.get(identifier.removeprefix(prefix))):
            return CARDS[number]
    return None


def by_number(number: str) -> Card:
    """The card of a typed number; card errors for a bad check digit and for a card that is no test card."""
    digits = number.replace(" ", "").replace("-", "")
    if not digits.isascii() or not digits.isdigit() or not 12 <= len(digits) <= 19 or not _luhn(digits):
        raise _INCORRECT_NUMBER.error()
    if digits not in CARDS:
        raise _declined("test_mode_live_card", NOT_A_TEST_CARD).error()
    return CARDS[digits]


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
