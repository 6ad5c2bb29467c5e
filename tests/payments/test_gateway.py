import hashlib
import hmac
import json
import socket
import ssl
import threading
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.apps import apps
from django.db import transaction
from django.utils import timezone

from marketplace.core.db import OpenTransaction
from payments import gateway
from payments.access import access
from payments.provider import (
    BadSignature,
    ProviderGaveUp,
    ProviderRejected,
    ProviderUnavailable,
    ProviderUnknown,
)
from tests.stripe_control import StripeControl

CREATE = "POST /v1/payment_intents$"
OURS = "5f0c6f0e-0d2c-4f5e-9b1a-3d1c8f6f9a10"


def body(payment_id: str = "", amount: int = 2990) -> dict[str, object]:
    return {
        "amount": amount,
        "currency": "eur",
        "automatic_payment_methods": {"enabled": True},
        "metadata": {"payment_id": payment_id},
    }


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tenth of the usual patience, so that time-outs are seen soon."""
    monkeypatch.setattr(gateway, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(gateway, "TOTAL_SECONDS", 0.5)
    gateway._client_of.cache_clear()
    yield
    gateway._client_of.cache_clear()


def elsewhere(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    config = apps.get_app_config("payments")
    monkeypatch.setattr(config, "access", replace(access(), api_base=url))


def test_a_payment_is_made_once_per_key(stripe: StripeControl) -> None:
    payment_id = str(uuid.uuid4())
    first = gateway.open_payment(key=payment_id, request=body(payment_id))
    again = gateway.open_payment(key=payment_id, request=body(payment_id))
    assert first == again
    assert (first.status, first.amount_minor, first.currency) == ("open", 2990, "EUR")
    assert first.payment_id == payment_id
    assert first.client_secret.startswith(first.provider_id)
    assert len(stripe.intents()) == 1


def test_the_same_key_with_another_body_is_refused(stripe: StripeControl) -> None:
    gateway.open_payment(key="k", request=body())
    with pytest.raises(ProviderRejected):
        gateway.open_payment(key="k", request=body(amount=1))


def test_fetch_tells_the_current_state_and_the_reason_of_a_decline(stripe: StripeControl) -> None:
    opened = gateway.open_payment(key="k", request=body())
    stripe.pay(opened.provider_id, "pm_card_visa_chargeDeclinedInsufficientFunds")
    declined = gateway.fetch_payment(opened.provider_id)
    assert (declined.status, declined.decline_code) == ("open", "insufficient_funds")
    stripe.pay(opened.provider_id)
    paid = gateway.fetch_payment(opened.provider_id)
    assert (paid.status, paid.captured_minor, paid.decline_code) == ("succeeded", 2990, "")


def test_an_unknown_payment_is_rejected(stripe: StripeControl) -> None:
    with pytest.raises(ProviderRejected):
        gateway.fetch_payment("pi_missing")


def test_a_payment_is_found_by_our_id(stripe: StripeControl) -> None:
    now = timezone.now()
    for _ in range(3):
        gateway.open_payment(key=str(uuid.uuid4()), request=body(str(uuid.uuid4())))
    payment_id = str(uuid.uuid4())
    opened = gateway.open_payment(key=payment_id, request=body(payment_id))
    assert gateway.find_payment(payment_id=payment_id, created_at=now, now=now) == opened
    assert gateway.find_payment(payment_id=str(uuid.uuid4()), created_at=now, now=now) is None


def test_cancelling_says_what_became_of_the_payment(stripe: StripeControl) -> None:
    opened = gateway.open_payment(key="a", request=body())
    assert gateway.cancel_payment(opened.provider_id).status == "cancelled"
    assert gateway.cancel_payment(opened.provider_id).status == "cancelled"
    paid = gateway.open_payment(key="b", request=body())
    stripe.pay(paid.provider_id)
    assert gateway.cancel_payment(paid.provider_id).status == "succeeded"


def test_a_refund_is_made_once_per_key_and_found_by_our_id(stripe: StripeControl) -> None:
    paid = gateway.open_payment(key="p", request=body())
    stripe.pay(paid.provider_id)
    refund_id = str(uuid.uuid4())
    request = {"payment_intent": paid.provider_id, "amount": 990, "metadata": {"refund_id": refund_id}}
    first = gateway.refund(key=refund_id, request=request)
    assert gateway.refund(key=refund_id, request=request) == first
    assert (first.status, first.amount_minor, first.refund_id) == ("succeeded", 990, refund_id)
    assert gateway.find_refund(refund_id=refund_id, payment_provider_id=paid.provider_id) == first
    assert gateway.find_refund(refund_id="other", payment_provider_id=paid.provider_id) is None
    assert [charge["amount_refunded"] for charge in stripe.charges()] == [990]


def test_the_hosted_page_opens_and_closes(stripe: StripeControl) -> None:
    now = timezone.now()
    request = {
        "mode": "payment",
        "line_items": [
            {"quantity": 1, "price_data": {"currency": "eur", "unit_amount": 500, "product_data": {"name": "Vase"}}}
        ],
        "success_url": "http://127.0.0.1/ok",
        "metadata": {"payment_id": OURS},
        "payment_intent_data": {"metadata": {"payment_id": OURS}},
    }
    hosted = gateway.open_hosted_payment(key="s", request=request)
    assert (hosted.status, hosted.provider_id, hosted.payment_id) == ("open", "", OURS)
    assert hosted.url.startswith(stripe.url)
    assert gateway.find_hosted_payment(payment_id=OURS, created_at=now, now=now) == hosted
    assert gateway.expire_hosted_payment(hosted.session_id).status == "expired"
    assert gateway.expire_hosted_payment(hosted.session_id).status == "expired"


@pytest.mark.parametrize("fault", ["timeout_after", "drop_before", "drop_after", "error_500"])
def test_no_answer_after_sending_is_unknown(stripe: StripeControl, impatient: None, fault: str) -> None:
    stripe.fault(fault, CREATE, seconds=2)
    with pytest.raises(ProviderUnknown):
        gateway.open_payment(key="k", request=body())


def test_a_time_out_after_the_work_is_settled_by_the_same_key(stripe: StripeControl, impatient: None) -> None:
    stripe.fault("timeout_after", CREATE, seconds=1)
    with pytest.raises(ProviderUnknown):
        gateway.open_payment(key="k", request=body())
    deadline = time.monotonic() + 5
    while True:  # until the first request ends, the provider says that the key is in use
        try:
            opened = gateway.open_payment(key="k", request=body())
            break
        except ProviderUnknown:
            assert time.monotonic() < deadline
    assert [intent["id"] for intent in stripe.intents()] == [opened.provider_id]


def test_an_error_the_provider_remembers_will_never_go_away(stripe: StripeControl) -> None:
    stripe.fault("error_500", CREATE)
    with pytest.raises(ProviderUnknown):
        gateway.open_payment(key="k", request=body())
    with pytest.raises(ProviderGaveUp):
        gateway.open_payment(key="k", request=body())


def test_a_read_that_fails_is_only_unavailable(stripe: StripeControl, impatient: None) -> None:
    opened = gateway.open_payment(key="k", request=body())
    stripe.fault("timeout_after", "GET /v1/payment_intents", seconds=1)
    with pytest.raises(ProviderUnavailable):
        gateway.fetch_payment(opened.provider_id)


def test_a_rate_limit_means_that_nothing_happened(stripe: StripeControl) -> None:
    stripe.fault("error_429", CREATE)
    with pytest.raises(ProviderUnavailable):
        gateway.open_payment(key="k", request=body())
    assert stripe.intents() == []


def test_a_refused_connection_means_that_nothing_happened(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        elsewhere(monkeypatch, f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(ProviderUnavailable):
            gateway.open_payment(key="k", request=body())


def test_an_answer_that_trickles_in_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch, impatient: None) -> None:
    """Every byte comes within the read time-out, but the whole would take ten seconds."""
    server = socket.create_server(("127.0.0.1", 0))
    elsewhere(monkeypatch, f"http://127.0.0.1:{server.getsockname()[1]}")

    def trickle() -> None:
        peer, _ = server.accept()
        with server, peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            try:
                for _ in range(100):
                    peer.sendall(b" ")
                    time.sleep(0.1)
            except OSError:
                return

    thread = threading.Thread(target=trickle, daemon=True)
    thread.start()
    started = time.monotonic()
    with pytest.raises(ProviderUnknown):
        gateway.open_payment(key="k", request=body())
    assert time.monotonic() - started < 2
    thread.join(5)


@pytest.mark.django_db(transaction=True)
def test_no_call_is_made_inside_a_transaction(stripe: StripeControl) -> None:
    with pytest.raises(OpenTransaction), transaction.atomic():
        gateway.open_payment(key="k", request=body())
    with pytest.raises(OpenTransaction), transaction.atomic():
        gateway.fetch_payment("pi_any")
    assert stripe.intents() == []


# --- signatures -----------------------------------------------------------------------------------------------------

EVENT = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "payment_intent.succeeded",
        "created": 1_700_000_000,
        "data": {"object": {"id": "pi_1", "object": "payment_intent"}},
    }
).encode()
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def signed(raw: bytes, secret: str, at: datetime) -> str:
    stamp = int(at.timestamp())
    return f"t={stamp},v1={hmac.new(secret.encode(), f'{stamp}.'.encode() + raw, hashlib.sha256).hexdigest()}"


def secret() -> str:
    return access().webhook_secrets[0]


def test_a_signed_event_is_read() -> None:
    event = gateway.verify_event(EVENT, signed(EVENT, secret(), NOW), now=NOW)
    assert (event.id, event.object_type, event.object_id) == ("evt_1", "payment_intent", "pi_1")


@pytest.mark.parametrize("offset", [-299, 299])
def test_five_minutes_of_difference_are_accepted(offset: int) -> None:
    at = NOW + timedelta(seconds=offset)
    assert gateway.verify_event(EVENT, signed(EVENT, secret(), at), now=NOW).id == "evt_1"


@pytest.mark.parametrize("offset", [-301, 301, -86_400, 86_400])
def test_a_stale_or_future_timestamp_is_refused(offset: int) -> None:
    at = NOW + timedelta(seconds=offset)
    with pytest.raises(BadSignature):
        gateway.verify_event(EVENT, signed(EVENT, secret(), at), now=NOW)


@pytest.mark.parametrize(
    "signature", ["", "t=1", "v1=abc", "nonsense", "t=x,v1=abc", f"t={int(NOW.timestamp())},v1={'0' * 64}"]
)
def test_a_forged_signature_is_refused(signature: str) -> None:
    with pytest.raises(BadSignature):
        gateway.verify_event(EVENT, signature, now=NOW)


def test_another_body_under_a_good_signature_is_refused() -> None:
    with pytest.raises(BadSignature):
        gateway.verify_event(EVENT.replace(b"pi_1", b"pi_2"), signed(EVENT, secret(), NOW), now=NOW)


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b'{"id": "evt_1"}'])
def test_a_signed_body_that_is_no_event_is_refused(raw: bytes) -> None:
    with pytest.raises(BadSignature):
        gateway.verify_event(raw, signed(raw, secret(), NOW), now=NOW)


def test_the_old_secret_is_good_while_it_is_being_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    config = apps.get_app_config("payments")
    monkeypatch.setattr(config, "access", replace(access(), webhook_secrets=("whsec_new", "whsec_old")))
    for name in ("whsec_new", "whsec_old"):
        assert gateway.verify_event(EVENT, signed(EVENT, name, NOW), now=NOW).id == "evt_1"
    with pytest.raises(BadSignature):
        gateway.verify_event(EVENT, signed(EVENT, "whsec_other", NOW), now=NOW)


def test_what_the_provider_has_reported_can_be_listed(stripe: StripeControl) -> None:
    opened = gateway.open_payment(key="k", request=body())
    stripe.pay(opened.provider_id)
    listed = gateway.list_events(since=timezone.now() - timedelta(minutes=1))
    kinds = [event.type for event in listed if event.object_id == opened.provider_id]
    assert kinds == ["payment_intent.created", "payment_intent.succeeded"]


# --- what was sent, and what was not --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("broken", "error"),
    [
        (ssl.SSLCertVerificationError("certificate has expired"), ProviderUnavailable),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), ProviderUnknown),
        (ssl.SSLError("bad record mac"), ProviderUnknown),
    ],
)
def test_only_a_refused_certificate_proves_that_nothing_was_sent(
    stripe: StripeControl, monkeypatch: pytest.MonkeyPatch, broken: ssl.SSLError, error: type[Exception]
) -> None:
    """TLS may break after the request has gone out: urllib3 wraps both alike."""

    def breaks(*args: object, **kwargs: object) -> None:
        raise broken

    # Where the answer is waited for.
    monkeypatch.setattr("urllib3.connection.HTTPConnection.getresponse", breaks)
    with pytest.raises(error):
        gateway.open_payment(key=str(uuid.uuid4()), request=body())
