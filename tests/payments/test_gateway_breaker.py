"""Breaker and bulkhead at the door to the provider."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.test import override_settings

from marketplace.core import breaker as breakers
from payments import admission, gateway, sweeping
from payments.admission import STRIPE, Bulkhead
from payments.models import Payment
from payments.provider import CardDeclined, ProviderRejected, ProviderUnavailable, ProviderUnknown
from tests.payments.test_gateway import CREATE, body
from tests.stripe_control import StripeControl

ANY = "/v1/payment_intents"
NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    yield
    STRIPE.reset(by="tests")


def requests_seen(stripe: StripeControl) -> int:
    return len(stripe.control("requests")["requests"])


def trip(stripe: StripeControl) -> None:
    stripe.fault("error_500", ANY, times=None)
    for _ in range(5):
        with pytest.raises(ProviderUnavailable):
            gateway.fetch_payment("pi_1")
    assert STRIPE.status().state == "open"


def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names every call that would go out."""
    calls: list[str] = []
    original = gateway._client_of

    def counted(*arguments: object) -> object:
        calls.append("sent")
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(gateway, "_client_of", counted)
    return calls


def test_five_errors_of_the_provider_stop_the_calls(stripe: StripeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    trip(stripe)
    stripe.no_faults()
    calls = sent(monkeypatch)
    with pytest.raises(ProviderUnavailable) as refused:
        gateway.open_payment(key="k", request=body())
    assert refused.value.retry_after is not None
    assert 20 < refused.value.retry_after <= 30
    assert not calls
    assert not stripe.intents()


def test_the_provider_is_left_alone_for_less_than_the_hall_may_be_unsettled() -> None:
    assert max(STRIPE.policy.rest, STRIPE.policy.longest) + STRIPE.policy.probe < 120


def test_an_unknown_outcome_counts_and_stays_unknown(stripe: StripeControl) -> None:
    stripe.fault("error_500", CREATE, times=None)
    for number in range(5):
        with pytest.raises(ProviderUnknown):
            gateway.open_payment(key=f"k{number}", request=body())
    with pytest.raises(ProviderUnavailable):
        gateway.open_payment(key="k0", request=body())


def test_refusals_of_the_provider_are_no_failures(stripe: StripeControl) -> None:
    for _ in range(8):
        with pytest.raises(ProviderRejected):
            gateway.fetch_payment("pi_missing")
    status = STRIPE.status()
    assert (status.state, status.failures) == ("closed", 0)
    assert status.last_success is not None


def test_declined_cards_are_no_failures() -> None:
    assert admission._verdict(CardDeclined("no", decline_code="expired_card")) is breakers.ANSWERED


def test_an_error_of_our_own_says_nothing_about_the_provider(stripe: StripeControl) -> None:
    assert admission._verdict(KeyError("ours")) is None


def test_a_named_time_is_honoured(stripe: StripeControl) -> None:
    stripe.fault("error_429", ANY, retry_after=7)
    with pytest.raises(ProviderUnavailable) as limited:
        gateway.fetch_payment("pi_1")
    assert limited.value.retry_after == 7
    with pytest.raises(ProviderUnavailable) as refused:
        gateway.fetch_payment("pi_1")
    assert refused.value.retry_after == pytest.approx(7, abs=1)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "12"}, 12),
        (
            {"retry-after": "Sun, 22 Nov 2026 09:00:30 GMT", "date": "Sun, 22 Nov 2026 09:00:00 GMT"},
            30,
        ),
        ({"retry-after": "Sun, 22 Nov 2026 09:00:30 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_wait_is_read_from_numbers_and_dates(headers: dict[str, str], seconds: float | None) -> None:
    assert admission.asked_to_wait(headers) == seconds


def test_the_next_try_closes_it(stripe: StripeControl) -> None:
    stripe.fault("error_429", ANY, retry_after=1)
    with pytest.raises(ProviderUnavailable):
        gateway.fetch_payment("pi_1")
    deadline = threading.Event()
    for _ in range(200):
        if not admission.resting():
            break
        deadline.wait(0.02)
    with pytest.raises(ProviderRejected):
        gateway.fetch_payment("pi_missing")
    assert STRIPE.status().state == "closed"


def test_without_redis_the_provider_is_called(stripe: StripeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps.get_app_config("core"), "breaker_store", ("redis://127.0.0.1:1/0", "tests"))
    monkeypatch.setattr(STRIPE, "_told", None)
    assert gateway.open_payment(key="k", request=body()).status == "open"
    assert not STRIPE.status().shared


@pytest.mark.django_db
def test_a_sweep_touches_no_row_while_the_provider_is_left_alone(
    stripe: StripeControl, monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: object
) -> None:
    trip(stripe)
    with django_assert_num_queries(0):  # type: ignore[operator]
        for job in (
            sweeping.process_inbox,
            sweeping.resume_payments,
            sweeping.perform_refunds,
        ):
            assert job(NOW) == 0
    with django_assert_num_queries(1):  # type: ignore[operator]
        assert sweeping.expire_groups(NOW) == 0
    STRIPE.reset(by="tests")
    stripe.no_faults()
    assert sweeping.resume_payments(NOW) == 0
    assert not Payment.objects.exists()


# --- bulkhead -------------------------------------------------------------------------------------------------------


def test_calls_beyond_the_bulkhead_are_refused_at_once(stripe: StripeControl, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apps.get_app_config("payments"), "bulkhead", Bulkhead(2))
    inside, leave = threading.Semaphore(0), threading.Event()

    def slow(client: object) -> str:
        inside.release()
        assert leave.wait(10)
        return "done"

    done: list[str] = []
    threads = [threading.Thread(target=lambda: done.append(gateway._call("slow", slow))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert inside.acquire(timeout=10)
    with pytest.raises(ProviderUnavailable) as refused:
        gateway._call("third", lambda client: pytest.fail("it was called"))
    assert refused.value.retry_after == 1.0
    leave.set()
    for thread in threads:
        thread.join(10)
    assert done == ["done", "done"]
    assert gateway._call("again", lambda client: "done") == "done"
    assert STRIPE.status().state == "closed", "a full bulkhead says nothing about the provider"


def test_an_error_inside_gives_the_seat_back() -> None:
    bulkhead = Bulkhead(1)
    for _ in range(3):
        with pytest.raises(KeyError), bulkhead.seat():
            raise KeyError
    with bulkhead.seat():
        assert bulkhead.taken == 1


def test_a_web_process_lets_a_quarter_of_its_threads_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.health import health

    monkeypatch.delenv("PROVIDER_CONCURRENT", raising=False)
    for threads, most in (("1", 1), ("4", 1), ("8", 2), ("15", 3)):
        monkeypatch.setenv("WEB_THREADS", threads)
        assert health(cache_url="redis://127.0.0.1:1/0").provider_concurrent == most
    monkeypatch.setenv("PROVIDER_CONCURRENT", "6")
    assert health(cache_url="redis://127.0.0.1:1/0").provider_concurrent == 6
    config = apps.get_app_config("payments")
    with override_settings(PROCESS_KIND="web"):
        original = config.bulkhead
        try:
            config.ready()
            assert config.bulkhead.most == 1
        finally:
            config.bulkhead = original
