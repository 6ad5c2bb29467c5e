from collections.abc import Iterator
from os import environ

import pytest
import redis
from django.core.management import CommandError, call_command

from marketplace.core import breaker as breakers
from marketplace.core.breaker import Breaker, BreakerOpen, declare, finding
from marketplace.core.breaker_store import Policy
from tests.marketplace.core.breaker_cases import Refusal, Shop, Slip, Trouble, call, judge, until

# Opens for a moment only, so that a test can wait for the next try.
QUICK = Policy(rest=0.15, probe=0.3)


@pytest.fixture
def shop() -> Iterator[Shop]:
    url = environ["RATE_LIMIT_REDIS_URL"]
    client = redis.Redis.from_url(url)

    def clear() -> None:
        client.delete(*client.keys("tests:breaker:*"), "tests:none")

    clear()
    yield Shop(url)
    clear()
    client.close()


def opened(shop: Shop, policy: Policy = QUICK) -> Breaker:
    breaker = shop.process(policy)
    for _ in range(5):
        assert call(breaker, Trouble()) == "Trouble"
    return breaker


def test_five_failures_open_it_and_not_four(shop: Shop) -> None:
    breaker = shop.process()
    for _ in range(5):
        assert breaker.status().state == "closed"
        assert call(breaker, Trouble()) == "Trouble"
    assert breaker.status().state == "open"
    assert call(breaker) == "refused"


def test_it_is_open_for_every_process(shop: Shop) -> None:
    first, second, third = shop.process(), shop.process(), shop.process()
    for breaker in (first, second, first, second, first):
        call(breaker, Trouble())
    assert call(third) == "refused"
    status = third.status()
    assert (status.state, status.cause, status.shared) == ("open", "Trouble", True)
    assert status.until is not None
    assert status.since is not None
    assert (status.until - status.since).total_seconds() == 300


def test_a_few_failures_among_many_good_answers_do_not_open_it(shop: Shop) -> None:
    breaker = shop.process()
    for _ in range(7):
        for _ in range(3):
            call(breaker)
        call(breaker, Trouble())
    assert breaker.status().state == "closed"


def test_half_of_the_calls_failing_open_it_though_never_five_in_a_row(shop: Shop) -> None:
    breaker = shop.process()
    outcomes = [call(breaker, Trouble() if number % 2 else None) for number in range(12)]
    assert "refused" in outcomes
    assert outcomes.count("Trouble") == 5


def test_failures_long_ago_do_not_count(shop: Shop) -> None:
    breaker = shop.process(Policy(window=0.06))
    for _ in range(4):
        call(breaker, Trouble())
    until(lambda: breaker.status().failures == 0)
    until(lambda: client_time(shop) > last_failure(breaker) + 0.06)
    for _ in range(4):
        call(breaker, Trouble())
    assert breaker.status().state == "closed"


def last_failure(breaker: Breaker) -> float:
    at = breaker.status().last_failure
    return at.timestamp() if at else 0.0


def client_time(shop: Shop) -> float:
    with redis.Redis.from_url(shop.url) as client:
        seconds, micros = client.time()
    return seconds + micros / 1e6


def test_the_callers_own_mistakes_are_not_failures(shop: Shop) -> None:
    breaker = shop.process()
    for _ in range(20):
        assert call(breaker, Refusal()) == "Refusal"
        assert call(breaker, Slip()) == "Slip"
    assert breaker.status().state == "closed"
    assert breaker.status().last_success is not None


def test_one_good_try_closes_it(shop: Shop) -> None:
    breaker, other = opened(shop), shop.process(QUICK)
    until(lambda: call(breaker) == "ok")
    assert (breaker.status().state, breaker.status().cause) == ("closed", "")
    until(lambda: call(other) == "ok")
    for _ in range(4):
        call(breaker, Trouble())
    assert breaker.status().state == "closed", "the failures of before count no more"


def test_one_bad_try_opens_it_again(shop: Shop) -> None:
    breaker, other = opened(shop), shop.process(QUICK)
    until(lambda: call(breaker, Trouble()) == "Trouble")
    assert call(breaker) == call(other) == "refused"
    assert breaker.status().state == "open"


def test_while_one_tries_the_others_are_refused(shop: Shop) -> None:
    breaker, other = opened(shop, Policy(rest=0.15, probe=30)), shop.process(Policy(rest=0.15, probe=30))
    until(lambda: breaker.status().state == "half_open")
    with breaker.watching(judge):
        assert [call(other) for _ in range(5)] == ["refused"] * 5
        assert [call(breaker) for _ in range(5)] == ["refused"] * 5
    assert breaker.status().state == "closed"


def test_a_try_that_says_nothing_makes_room_for_the_next(shop: Shop) -> None:
    breaker, other = opened(shop, Policy(rest=0.15, probe=30)), shop.process(Policy(rest=0.15, probe=30))
    until(lambda: call(breaker, Slip()) == "Slip")
    assert call(other) == "ok"


def test_a_named_time_opens_it_at_once_and_for_that_long(shop: Shop) -> None:
    breaker, other = shop.process(), shop.process()
    call(breaker, Trouble(retry_after=17))
    with pytest.raises(BreakerOpen) as refused, other.watching(judge):
        pytest.fail("it was called")
    assert refused.value.retry_after == pytest.approx(17, abs=1)
    assert call(breaker) == "refused"


def test_a_named_time_has_a_ceiling(shop: Shop) -> None:
    breaker = shop.process(Policy(longest=40))
    call(breaker, Trouble(retry_after=86_400))
    status = breaker.status()
    assert status.until is not None
    assert status.since is not None
    assert (status.until - status.since).total_seconds() == 40


def test_an_answer_to_a_call_from_before_does_not_close_it(shop: Shop) -> None:
    slow, others = shop.process(), shop.process()
    with slow.watching(judge):
        for _ in range(5):
            call(others, Trouble())
    assert others.status().state == "open"
    assert call(shop.process()) == "refused"


def test_the_clock_of_a_process_does_not_matter(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = opened(shop, Policy())
    honest = breaker.status()
    monkeypatch.setattr(breakers, "time", lambda: 4_000_000_000.0)
    wrong = shop.process()
    assert call(wrong) == "refused"
    assert wrong.status().until == honest.until
    monkeypatch.setattr(breakers, "time", lambda: 1.0)
    assert call(shop.process()) == "refused"


@pytest.mark.parametrize("mark", ["until", "probe_until"])
def test_a_redis_whose_clock_was_set_back_keeps_nobody_out(shop: Shop, mark: str) -> None:
    breaker = opened(shop)
    far = int((client_time(shop) + 86_400) * 1000)
    with redis.Redis.from_url(shop.url) as client:
        if mark == "probe_until":
            until(lambda: breaker.status().state == "half_open")
            client.hset("tests:breaker:service", "probe", "somebody")
        client.hset("tests:breaker:service", mark, far)
    assert call(shop.process(Policy(longest=40, probe=0.3))) == "ok"


def test_a_closed_breaker_asks_redis_once_a_second_at_most(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    breaker = shop.process()
    asked: list[str] = []
    original = breaker._ask_store
    monkeypatch.setattr(breaker, "_ask_store", lambda op, **rest: [asked.append(op), original(op, **rest)][1])
    now = 1000.0
    monkeypatch.setattr(breakers, "monotonic", lambda: now)
    for _ in range(200):
        call(breaker)
    assert asked == ["ask", "ok"]
    now += 1.1
    for _ in range(200):
        call(breaker)
    assert asked == ["ask", "ok", "ask", "ok"]
    assert breaker.status().last_success is not None


def test_looking_takes_no_try(shop: Shop) -> None:
    breaker = opened(shop)
    assert breaker.refuses()
    until(lambda: not breaker.refuses())
    assert breaker.status().state == "half_open"
    assert finding(breaker.status()).state == "warning"
    assert call(shop.process(QUICK)) == "ok"


def test_who_can_wait_is_told_that_somebody_else_is_trying(shop: Shop) -> None:
    """A sweep that took rows then would only see them refused, one attempt each."""
    policy = Policy(rest=0.15, probe=30.0)
    breaker, sweep = opened(shop, policy), shop.process(policy)
    until(lambda: not sweep.refuses())
    with breaker.watching(judge):
        assert sweep.status().state == "half_open"
        assert sweep.refuses()
        assert call(sweep) == "refused"
    until(lambda: not sweep.refuses())
    assert call(sweep) == "ok"


def test_a_reset_closes_it_for_everybody(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    breaker, other = opened(shop, Policy()), shop.process()
    assert call(other) == "refused"
    assert breaker.reset(by="Olga")
    assert call(breaker) == "ok"
    until(lambda: call(other) == "ok", patience=2)
    entry = next(record for record in caplog.records if record.getMessage() == "breaker.reset")
    assert (entry.by, entry.breaker) == ("Olga", "service")  # type: ignore[attr-defined]


def test_changes_are_logged_once(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    breaker, other = opened(shop), shop.process(QUICK)
    call(other)
    until(lambda: call(breaker) == "ok")
    assert [record.getMessage() for record in caplog.records if record.name == "marketplace.core.breaker"] == [
        "breaker.open",
        "breaker.half_open",
        "breaker.closed",
    ]


def test_the_finding_names_cause_and_times(shop: Shop) -> None:
    breaker = shop.process()
    call(breaker)
    assert finding(breaker.status()).state == "ok"
    for _ in range(5):
        call(breaker, Trouble())
    found = finding(breaker.status())
    assert (found.state, found.figures["state"], found.text) == ("failed", "open", "Left alone after Trouble.")
    assert found.figures["last_success"]
    assert found.figures["last_failure"]


def test_two_breakers_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="stripe"):
        declare("stripe")


def test_the_command_closes_a_breaker_and_knows_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    stripe = next(breaker for breaker in breakers.breakers() if breaker.name == "stripe")
    for _ in range(5):
        call(stripe, Trouble())
    assert call(stripe) == "refused"
    call_command("breaker_reset", "stripe")
    assert call(stripe) == "ok"
    assert "stripe is closed" in capsys.readouterr().out
    with pytest.raises(CommandError, match=r"there are: .*stripe"):
        call_command("breaker_reset", "stirpe")
