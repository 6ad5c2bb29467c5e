"""The one door to Stripe: our values in, our values and errors out. Nothing here touches the database.

Every call is refused inside a transaction, and every call that changes something carries an idempotency key and a body
that were written down before.
"""

import json
import os
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeVar, cast
from uuid import UUID

from marketplace.core.db import forbid_transaction
from marketplace.core.events import Json
from payments.access import Access, access
from payments.admission import admitted, asked_to_wait
from payments.provider import (
    BadSignature,
    CardDeclined,
    HostedPayment,
    HostedStatus,
    ProviderAccount,
    ProviderEvent,
    ProviderGaveUp,
    ProviderPayment,
    ProviderRefund,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUnknown,
    RefundStatus,
    Status,
)

if TYPE_CHECKING:
    import stripe
    from stripe.checkout import Session
    from stripe.params import PaymentIntentCreateParams, PaymentIntentListParams, RefundCreateParams
    from stripe.params.checkout import SessionCreateParams, SessionListParams

T = TypeVar("T")

CONNECT_SECONDS, TOTAL_SECONDS = 2.0, 8.0
# How far a message's signature may be from our clock, in both directions (Stripe's own tolerance, past only).
TOLERANCE = timedelta(seconds=300)
# Stripe forgets idempotency keys after 24 h; an hour before that, the same key stops being safe.
KEY_LIVES = timedelta(hours=23)
# Searching lags behind by up to a minute (Stripe's documentation of search); listing does not.
CLOCK_SKEW = timedelta(minutes=5)

_STATUS: dict[str, Status] = {
    "requires_payment_method": "open",
    "requires_confirmation": "open",
    "requires_action": "open",
    "processing": "processing",
    "requires_capture": "processing",
    "succeeded": "succeeded",
    "canceled": "cancelled",
}
_REFUND_STATUS: dict[str, RefundStatus] = {
    "pending": "pending",
    "requires_action": "pending",
    "succeeded": "succeeded",
    "failed": "failed",
    "canceled": "failed",
}


# The process is part of the key: a fork must not share its parent's sockets.
@cache
def _client_of(who: Access, process: int) -> "stripe.StripeClient":
    import stripe  # 0.7 s and 32 MB: only processes that talk to Stripe pay for it

    from payments.deadline import DeadlineSession

    session = DeadlineSession(connect=CONNECT_SECONDS, total=TOTAL_SECONDS)
    return stripe.StripeClient(
        who.secret_key,
        base_addresses={"api": who.api_base},
        max_network_retries=0,
        http_client=stripe.RequestsClient(timeout=(CONNECT_SECONDS, TOTAL_SECONDS), session=session),
    )


def _call(what: str, work: "Callable[[stripe.StripeClient], T]", *, writes: bool = False) -> T:
    """Runs one request to Stripe, unless breaker or bulkhead keep it back: every request passes here."""
    forbid_transaction(what)
    with admitted(what), _our_errors(what, writes=writes):
        return work(_client_of(access(), os.getpid()))


@contextmanager
def _our_errors(what: str, *, writes: bool) -> Iterator[None]:
    import stripe

    try:
        yield
    except stripe.CardError as error:
        raise CardDeclined(
            error.user_message or "The card was declined.", decline_code=_decline_code(error.error)
        ) from error
    except (stripe.RateLimitError, stripe.APIConnectionError, stripe.APIError) as error:
        raise _transient(what, error, writes=writes) from error
    except stripe.StripeError as error:
        raise ProviderRejected(f"{what}: {error}", reason=error.code or type(error).__name__) from error


def _transient(
    what: str, error: "stripe.StripeError", *, writes: bool
) -> ProviderUnavailable | ProviderUnknown | ProviderGaveUp:
    """Whether nothing happened, nobody knows, or the key is spent."""
    import stripe

    text = f"{what}: {error}"[:300]
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    pause = asked_to_wait(headers)
    if isinstance(error, stripe.RateLimitError) or not writes or _never_sent(error):
        return ProviderUnavailable(text, retry_after=pause)
    if headers.get("idempotent-replayed") == "true":
        return ProviderGaveUp(text)
    return ProviderUnknown(text, retry_after=pause)


def _never_sent(error: "stripe.StripeError") -> bool:
    """Whether no connection came about. urllib3 names the reason inside requests' error."""
    import requests
    import urllib3

    cause = error.__cause__
    if isinstance(cause, requests.ConnectTimeout):
        return True
    inner = cause.args[0] if isinstance(cause, requests.ConnectionError) and cause.args else None
    reason = getattr(inner, "reason", None)
    if isinstance(reason, urllib3.exceptions.SSLError):
        # TLS may also break after the request went out; only a certificate is judged before anything is sent.
        return bool(reason.args) and isinstance(reason.args[0], ssl.SSLCertVerificationError)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


def _decline_code(error: "stripe.ErrorObject | stripe.PaymentIntent.LastPaymentError | None") -> str:
    if error is None:
        return ""
    return error.decline_code or error.code or ""


def _our_id(metadata: Mapping[str, str], name: str) -> str:
    """Our id in the metadata, "" without one: others who use the same account write what they like there."""
    try:
        return str(UUID(metadata.get(name, "")))
    except ValueError:
        return ""


# --- payments -------------------------------------------------------------------------------------------------------


def open_payment(*, key: str, request: Mapping[str, Json]) -> ProviderPayment:
    """Makes the intent, or returns the one that the same key has made. ``request`` is the body fixed with the key.

    Raises ProviderUnavailable, ProviderUnknown, ProviderGaveUp, ProviderRejected.
    """
    params = cast("PaymentIntentCreateParams", dict(request))
    return _payment(
        _call("open_payment", lambda c: c.v1.payment_intents.create(params, {"idempotency_key": key}), writes=True)
    )


def fetch_payment(provider_id: str) -> ProviderPayment:
    """The payment as Stripe sees it now. Raises ProviderUnavailable, ProviderRejected."""
    return _payment(_call("fetch_payment", lambda c: c.v1.payment_intents.retrieve(provider_id)))


def find_payment(*, payment_id: str, created_at: datetime, now: datetime) -> ProviderPayment | None:
    """The intent that carries our id in its metadata, or None: Stripe has none that was made since ``created_at``.

    Reads the list, which is complete, and not the search, which lags. Raises ProviderUnavailable, ProviderRejected.
    """
    found = list_payments(since=created_at - CLOCK_SKEW, until=min(now, created_at + timedelta(days=1)) + CLOCK_SKEW)
    return next((payment for payment in found if payment.payment_id == payment_id), None)


def list_payments(*, since: datetime, until: datetime) -> list[ProviderPayment]:
    """All intents created in the period, newest first. Raises ProviderUnavailable, ProviderRejected."""
    return [_payment(intent) for intent in _call("list_payments", lambda c: _intents(c, since, until))]


def _intents(client: "stripe.StripeClient", since: datetime, until: datetime) -> "list[stripe.PaymentIntent]":
    created = {"gte": int(since.timestamp()), "lte": int(until.timestamp())}
    page = client.v1.payment_intents.list(cast("PaymentIntentListParams", {"created": created, "limit": 100}))
    return list(page.auto_paging_iter())


def cancel_payment(provider_id: str) -> ProviderPayment:
    """Cancels the intent and returns its state, whatever that is: one that has succeeded stays succeeded.

    Raises ProviderUnavailable, ProviderUnknown, ProviderRejected.
    """
    try:
        return _payment(_call("cancel_payment", lambda c: c.v1.payment_intents.cancel(provider_id), writes=True))
    except ProviderRejected as error:
        # Stripe refuses to cancel what is already cancelled, paid or with the bank: the caller wants to know which.
        if error.reason != "payment_intent_unexpected_state":
            raise
        return fetch_payment(provider_id)


def _payment(intent: "stripe.PaymentIntent") -> ProviderPayment:
    metadata = intent.metadata.to_dict() if intent.metadata else {}
    return ProviderPayment(
        provider_id=intent.id,
        payment_id=_our_id(metadata, "payment_id"),
        status=_STATUS[intent.status],
        amount_minor=intent.amount,
        captured_minor=intent.amount_received or 0,
        currency=intent.currency.upper(),
        client_secret=intent.client_secret or "",
        decline_code=_decline_code(intent.last_payment_error),
        created_at=datetime.fromtimestamp(intent.created, UTC),
    )


# --- the provider's own page ----------------------------------------------------------------------------------------


def open_hosted_payment(*, key: str, request: Mapping[str, Json]) -> HostedPayment:
    """Makes the page, or returns the one that the same key has made. Errors as of open_payment."""
    params = cast("SessionCreateParams", dict(request))
    return _hosted(
        _call(
            "open_hosted_payment",
            lambda c: c.v1.checkout.sessions.create(params, {"idempotency_key": key}),
            writes=True,
        )
    )


def fetch_hosted_payment(session_id: str) -> HostedPayment:
    """The page as Stripe sees it now. Raises ProviderUnavailable, ProviderRejected."""
    return _hosted(_call("fetch_hosted_payment", lambda c: c.v1.checkout.sessions.retrieve(session_id)))


def find_hosted_payment(*, payment_id: str, created_at: datetime, now: datetime) -> HostedPayment | None:
    """The page that carries our id in its metadata, or None. Raises ProviderUnavailable, ProviderRejected."""
    until = min(now, created_at + timedelta(days=1)) + CLOCK_SKEW
    created = {"gte": int((created_at - CLOCK_SKEW).timestamp()), "lte": int(until.timestamp())}

    def sessions(client: "stripe.StripeClient") -> "list[Session]":
        return list(
            client.v1.checkout.sessions.list(
                cast("SessionListParams", {"created": created, "limit": 100})
            ).auto_paging_iter()
        )

    found = [_hosted(session) for session in _call("find_hosted_payment", sessions)]
    return next((hosted for hosted in found if hosted.payment_id == payment_id), None)


def expire_hosted_payment(session_id: str) -> HostedPayment:
    """Closes the page for good and returns its state: one that was paid stays complete. Errors as of cancel_payment."""
    try:
        return _hosted(_call("expire_hosted_payment", lambda c: c.v1.checkout.sessions.expire(session_id), writes=True))
    except ProviderRejected:
        # Stripe refuses unless the page is open; an unknown page fails again here.
        return fetch_hosted_payment(session_id)


def _hosted(session: "Session") -> HostedPayment:
    metadata = session.metadata.to_dict() if session.metadata else {}
    intent = session.payment_intent
    return HostedPayment(
        session_id=session.id,
        payment_id=_our_id(metadata, "payment_id"),
        url=session.url or "",
        status=cast(HostedStatus, session.status or "open"),
        provider_id=intent if isinstance(intent, str) else intent.id if intent else "",
    )


# --- refunds --------------------------------------------------------------------------------------------------------


def refund(*, key: str, request: Mapping[str, Json]) -> ProviderRefund:
    """Gives money back, once per key. Errors as of open_payment."""
    params = cast("RefundCreateParams", dict(request))
    return _refund(_call("refund", lambda c: c.v1.refunds.create(params, {"idempotency_key": key}), writes=True))


def fetch_refund(provider_id: str) -> ProviderRefund:
    """The refund as Stripe sees it now. Raises ProviderUnavailable, ProviderRejected."""
    return _refund(_call("fetch_refund", lambda c: c.v1.refunds.retrieve(provider_id)))


def list_refunds(*, payment_provider_id: str = "", since: datetime | None = None) -> list[ProviderRefund]:
    """All refunds, of one payment or since a time. Raises ProviderUnavailable, ProviderRejected."""

    def refunds(client: "stripe.StripeClient") -> "list[stripe.Refund]":
        if payment_provider_id:
            page = client.v1.refunds.list({"payment_intent": payment_provider_id, "limit": 100})
        else:
            start = int(since.timestamp()) if since else 0
            page = client.v1.refunds.list({"created": {"gte": start}, "limit": 100})
        return list(page.auto_paging_iter())

    return [_refund(item) for item in _call("list_refunds", refunds)]


def find_refund(*, refund_id: str, payment_provider_id: str) -> ProviderRefund | None:
    """The refund that carries our id in its metadata, or None. Raises ProviderUnavailable, ProviderRejected."""
    found = list_refunds(payment_provider_id=payment_provider_id)
    return next((item for item in found if item.refund_id == refund_id), None)


def _refund(item: "stripe.Refund") -> ProviderRefund:
    metadata = item.metadata.to_dict() if item.metadata else {}
    intent = item.payment_intent
    return ProviderRefund(
        provider_id=item.id,
        refund_id=_our_id(metadata, "refund_id"),
        payment_provider_id=intent if isinstance(intent, str) else intent.id if intent else "",
        status=_REFUND_STATUS[item.status or "pending"],
        amount_minor=item.amount,
        currency=item.currency.upper(),
    )


# --- messages -------------------------------------------------------------------------------------------------------


def verify_event(raw: bytes, signature: str, *, now: datetime) -> ProviderEvent:
    """The message, if Stripe signed exactly these bytes within five minutes of ``now``, before or after.

    Raises BadSignature. The SDK's own check accepts a timestamp that lies in the future; this one does not.
    """
    import stripe

    if not signature.isascii():
        raise BadSignature("The signature is not one of Stripe's.")
    for secret in access().webhook_secrets:
        try:
            stripe.WebhookSignature.verify_header(raw, signature, secret, tolerance=None)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        break
    else:
        raise BadSignature("The signature does not match the body.")
    # The first timestamp is the one that was signed; the check above has parsed it.
    signed_at = next(part[2:] for part in signature.split(",") if part.startswith("t="))
    if abs(now - datetime.fromtimestamp(int(signed_at), UTC)) > TOLERANCE:
        raise BadSignature("The message was signed too long ago or lies in the future: send it again.")
    return _event(raw)


def _event(raw: bytes) -> ProviderEvent:
    try:
        payload = json.loads(raw)
        subject = payload["data"]["object"]
        return ProviderEvent(
            id=str(payload["id"]),
            type=str(payload["type"]),
            account=str(payload.get("account") or ""),
            object_type=str(subject["object"]),
            object_id=str(subject.get("id") or ""),
            created_at=datetime.fromtimestamp(int(payload["created"]), UTC),
            payload=payload,
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignature("The body is not an event.") from error


def fetch_account() -> ProviderAccount:
    """Whose secret key we have. Raises ProviderUnavailable, ProviderRejected."""
    account = _call("fetch_account", lambda c: c.v1.accounts.retrieve_current())
    date = account.last_response.headers.get("Date") if account.last_response else None
    return ProviderAccount(charges_enabled=bool(account.charges_enabled), date=date or "")


def list_events(*, since: datetime) -> list[ProviderEvent]:
    """Everything Stripe has reported since then, oldest first; it remembers 30 days. Raises ProviderUnavailable."""

    def events(client: "stripe.StripeClient") -> "list[stripe.Event]":
        page = client.v1.events.list({"created": {"gte": int(since.timestamp())}, "limit": 100})
        return list(page.auto_paging_iter())

    found = _call("list_events", events)
    return [_event(json.dumps(event.to_dict()).encode()) for event in reversed(found)]
