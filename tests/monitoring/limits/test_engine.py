"""Decisions, and what becomes of them while the store is closed, silent or full (SAFETY 19)."""

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from redis.exceptions import ResponseError

from monitoring.limits.engine import Engine
from monitoring.limits.guard import engine
from monitoring.limits.keys import CEILING, Who
from monitoring.limits.local import COUNTERS, LocalCount
from monitoring.limits.store import REST, Door
from tests.monitoring.limits.making import a_window, an_engine, black_hole, closed_port

MIRA = Who("203.0.113.7", user="5")
STRANGER = Who("203.0.113.7")


@pytest.fixture(params=["closed", "silent"])
def storeless(request: pytest.FixtureRequest) -> Iterator[Engine]:
    if request.param == "closed":
        yield an_engine(url=closed_port())
    else:
        with black_hole() as url:
            yield an_engine(url=url)


def passed(made: Engine, tiers: list[str], who: Who, tries: int) -> int:
    return sum(made.check(tiers, who).allowed for _ in range(tries))


def test_tiers_have_counters_of_their_own() -> None:
    made = an_engine(user="2/minute", checkout="3/minute")
    assert passed(made, ["user"], MIRA, 5) == 2
    assert passed(made, ["checkout"], MIRA, 5) == 3
    assert passed(made, ["user"], Who("203.0.113.7", user="6"), 5) == 2


def test_a_tier_that_refuses_eats_nothing_of_another() -> None:
    made = an_engine(user="10/minute", checkout="1/minute")
    assert passed(made, ["user", "checkout"], MIRA, 6) == 1
    assert passed(made, ["user"], MIRA, 20) == 9


def test_the_refusing_tier_and_its_wait_are_named() -> None:
    made = an_engine(checkout="1/minute")
    made.check(["user", "checkout"], MIRA)
    decision = made.check(["user", "checkout"], MIRA)
    assert (decision.tier, decision.retry_after, decision.source) == ("checkout", 60, "store")


def test_a_48_has_a_larger_budget_than_a_64_and_an_end() -> None:
    made = an_engine(anonymous="2/minute")
    assert passed(made, ["anonymous"], Who("2001:db8:1:1::1"), 5) == 2
    many = sum(passed(made, ["anonymous"], Who(f"2001:db8:1:{number:x}::1"), 2) for number in range(2, 40))
    assert 2 + many == 2 * CEILING
    assert passed(made, ["anonymous"], Who("2001:db8:2:1::1"), 5) == 2


def test_mapped_ipv4_addresses_are_not_one_client() -> None:
    made = an_engine(anonymous="2/minute")
    assert [passed(made, ["anonymous"], Who(f"::ffff:203.0.113.{number}"), 5) for number in (1, 2, 3)] == [2, 2, 2]


def test_sign_in_counts_by_account_and_by_address() -> None:
    made = an_engine()
    for number in range(10):
        assert made.check(["sign-in"], Who(f"203.0.113.{number}", account="mira@example.test")).allowed
    assert not made.check(["sign-in"], Who("203.0.113.99", account="mira@example.test")).allowed
    assert passed(made, ["sign-in"], Who("198.51.100.1", account="jonas@example.test"), 1) == 1
    assert sum(made.check(["sign-in"], Who("198.51.100.1", account=f"{n}@x.test")).allowed for n in range(20)) == 9


def test_who_has_no_address_is_not_counted_with_all_others_who_have_none() -> None:
    made = an_engine(anonymous="1/minute")
    assert passed(made, ["anonymous"], Who(""), 5) == 5


def test_without_store_reads_stay_open_and_what_is_sensitive_is_counted_here(storeless: Engine) -> None:
    assert passed(storeless, ["burst", "anonymous", "concurrent-address"], STRANGER, 200) == 200
    assert storeless.check(["anonymous"], STRANGER).source == "open"
    assert passed(storeless, ["burst", "user", "checkout"], MIRA, 30) == 10
    assert passed(storeless, ["burst", "anonymous", "sign-in"], Who("203.0.113.7", account="a@x.test"), 30) == 10
    assert passed(storeless, ["letter"], Who(account="a@x.test"), 30) == 5
    assert passed(storeless, ["payout"], MIRA, 30) == 10
    refused = storeless.check(["checkout"], MIRA)
    assert (refused.source, refused.tier) == ("local", "checkout")
    assert 50 <= refused.retry_after <= 60


def test_each_process_gives_out_its_share() -> None:
    made = an_engine(url=closed_port(), processes=4)
    assert passed(made, ["checkout"], MIRA, 30) == 2


def test_the_local_count_takes_all_or_none() -> None:
    made = an_engine(url=closed_port())
    for number in range(10):
        made.check(["sign-in"], Who("203.0.113.7", account=f"{number}@x.test"))
    for _ in range(20):
        assert not made.check(["sign-in"], Who("203.0.113.7", account="mira@x.test")).allowed
    assert passed(made, ["sign-in"], Who("198.51.100.1", account="mira@x.test"), 20) == 10


def test_a_flood_of_invented_accounts_fills_no_memory() -> None:
    local = LocalCount(1)
    for number in range(COUNTERS + 2_000):
        local.take([a_window(100_000, key=f"limit:test:{number}")])
    assert local._limiter is not None
    assert len(local._limiter.storage.events) <= COUNTERS  # type: ignore[attr-defined]


def test_a_silent_store_costs_a_quarter_of_a_second_once_and_not_each_request() -> None:
    with black_hole() as url:
        made = an_engine(url=url)
        begin = time.monotonic()
        made.check(["anonymous"], STRANGER)
        first = time.monotonic() - begin
        begin = time.monotonic()
        for _ in range(100):
            made.check(["anonymous"], STRANGER)
        rest = time.monotonic() - begin
    assert first < 0.5, "0.1 s to connect and 0.15 s for an answer, on a busy machine"
    assert rest < 0.15, "the hundred after it asked nothing"


def test_a_store_whose_port_swallows_connections_is_left_alone_too() -> None:
    """No answer to the first packet: the backlog of the listening socket is full."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        address = server.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(address)
        made = an_engine(url=f"redis://127.0.0.1:{address[1]}/0")
        begin = time.monotonic()
        assert made.check(["anonymous"], STRANGER).source == "open"
        assert time.monotonic() - begin < 0.5
        for filler in fillers:
            filler.close()


def test_one_request_tries_a_failing_store_and_the_others_do_without() -> None:
    door = Door()
    assert door.opens(0.0)
    door.failed(0.0)
    assert not door.opens(REST - 0.1)
    assert [door.opens(REST + 0.1) for _ in range(5)] == [True, False, False, False, False]
    door.answered()
    assert door.opens(REST + 0.2)


def test_many_threads_at_a_door_that_opens_again_send_one_through() -> None:
    door = Door()
    door.failed(0.0)
    with ThreadPoolExecutor(16) as pool:
        assert sum(pool.map(lambda _: door.opens(REST + 1), range(64))) == 1


def test_the_store_is_used_again_when_it_is_back() -> None:
    made = an_engine(anonymous="1/minute")
    made.store.door.failed(time.monotonic())
    assert made.check(["anonymous"], STRANGER).source == "open"
    made.store.door.shut_until = 0.0
    assert made.check(["anonymous"], STRANGER).source == "store"
    assert made.check(["anonymous"], STRANGER).allowed is False


def test_a_store_that_is_out_of_memory_is_one_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    made = an_engine()

    def full(**_: object) -> None:
        raise ResponseError("OOM command not allowed when used memory > 'maxmemory'.")

    monkeypatch.setattr(made.store, "_take", full)
    assert passed(made, ["user"], MIRA, 300) == 300
    assert passed(made, ["checkout"], MIRA, 30) == 10


def test_places_that_cannot_be_given_back_raise_nothing() -> None:
    made = an_engine()
    decision = made.check(["concurrent-user"], MIRA)
    assert decision.places
    made.store = an_engine(url=closed_port()).store
    made.release(decision)


def test_the_limits_own_figures_count_by_tier_and_outcome() -> None:
    from prometheus_client import REGISTRY

    def figure(outcome: str) -> float:
        return REGISTRY.get_sample_value("awning_limit_checks_total", {"tier": "upload", "outcome": outcome}) or 0.0

    before = {outcome: figure(outcome) for outcome in ("allowed", "limited", "fallback")}
    assert passed(an_engine(upload="2/minute"), ["upload"], MIRA, 5) == 2
    an_engine(url=closed_port()).check(["upload"], MIRA)
    after = {outcome: figure(outcome) - count for outcome, count in before.items()}
    assert after == {"allowed": 2.0, "limited": 3.0, "fallback": 1.0}


def test_the_halls_engine_is_the_one_of_the_settings() -> None:
    assert engine().policy.tiers["sign-in"].rate[0].amount == 10
