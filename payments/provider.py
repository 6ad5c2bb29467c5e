"""What a payment provider can tell us, in our words: frozen values and errors, no SDK type among them.

Amounts are minor units. Times are aware UTC.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from marketplace.core.errors import AwningError, Unavailable
from marketplace.core.events import Json

# "open" waits for the buyer (card, 3-D Secure), "processing" for a bank.
Status: TypeAlias = Literal["open", "processing", "succeeded", "cancelled"]
RefundStatus: TypeAlias = Literal["pending", "succeeded", "failed"]
HostedStatus: TypeAlias = Literal["open", "complete", "expired"]


class CardDeclined(AwningError):
    """The bank said no. ``decline_code`` is the provider's reason; the buyer may try another card."""

    code = "card_declined"
    status = 402

    def __init__(self, message: str, *, decline_code: str) -> None:
        super().__init__(message)
        self.decline_code = decline_code


class ProviderUnavailable(Unavailable):
    """The request did not reach the provider, or was refused before any work: nothing happened."""

    code = "provider_unavailable"


class ProviderUnknown(Unavailable):
    """The request was sent and no usable answer came: it may have happened. Ask again with the same key."""

    code = "provider_unknown"


class ProviderGaveUp(AwningError):
    """The provider keeps an error of its own as the answer to this key: the same key will never succeed.

    Look the object up; if it does not exist, only a new intent with a new key can make it.
    """

    code = "provider_gave_up"
    status = 502


class ProviderRejected(AwningError):
    """The provider refuses the request as it is; repeating it is useless. ``reason`` is the provider's code."""

    code = "provider_rejected"
    status = 502

    def __init__(self, message: str, *, reason: str = "") -> None:
        super().__init__(message)
        self.reason = reason


class BadSignature(AwningError):
    """A message that the provider did not sign, or not now."""

    code = "bad_signature"
    status = 400


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """Our account; ``date`` is the answer's header of that name: the provider's clock, to the second."""

    charges_enabled: bool
    date: str


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """A payment as the provider sees it now. ``payment_id`` is our id from its metadata, "" when it has none."""

    provider_id: str
    payment_id: str
    status: Status
    amount_minor: int
    captured_minor: int
    currency: str
    client_secret: str
    decline_code: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class HostedPayment:
    """The provider's own payment page. ``provider_id`` is "" until the buyer has tried to pay there."""

    session_id: str
    payment_id: str
    url: str
    status: HostedStatus
    provider_id: str


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """A refund as the provider sees it now. ``refund_id`` is our id from its metadata, "" when it has none."""

    provider_id: str
    refund_id: str
    payment_provider_id: str
    status: RefundStatus
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """A verified message: ``object_id`` names what changed; its current state must be fetched."""

    id: str
    type: str
    account: str
    object_type: str
    object_id: str
    created_at: datetime
    payload: dict[str, Json]
