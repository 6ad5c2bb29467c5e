"""The one atomic call, against a real Redis. Time passes by making what is counted older."""

from itertools import pairwise

import pytest

from monitoring.limits.guard import engine
from monitoring.limits.load import STEPS
from monitoring.limits.script import FLOOR, MOST_LABELS
from monitoring.limits.store import FACTOR_KEY, Store, Verdict
from tests.monitoring.limits.making import a_place, a_window, age


@pytest.fixture
def store() -> Store:
    return engine().store


def take(store: Store, *entries: object, look: bool = False, token: str = "", label: str = "") -> Verdict:
    return store.take(entries, token=token, label=label, look=look)  # type: ignore[arg-type]


def test_the_window_slides_and_the_wait_is_true(store: Store) -> None:
    entry = a_window(3, 60)
    for _ in range(3):
        assert take(store, entry).refused == -1
        age(store.client, 10)
    refused = take(store, entry)
    assert refused.refused == 0
    assert refused.wait == pytest.approx(30, abs=1), "the oldest of three is 30 s old"
    age(store.client, refused.wait - 0.5)
    assert take(store, entry).refused == 0
    age(store.client, 0.6)
    assert take(store, entry).refused == -1, "exactly one is free after the wait"
    assert take(store, entry).refused == 0


def test_across_the_edge_of_a_fixed_window_no_more_pass(store: Store) -> None:
    entry = a_window(10, 2)
    admitted = 0
    for _ in range(4):
        admitted += sum(take(store, entry).refused < 0 for _ in range(5))
        age(store.client, 0.45)
    assert admitted == 10


def test_several_windows_are_taken_all_or_none(store: Store) -> None:
    wide, narrow, other = a_window(100), a_window(1), a_window(100)
    assert take(store, wide, narrow, other).refused == -1
    for _ in range(5):
        assert take(store, wide, narrow, other).refused == 1
    assert [store.client.llen(entry.key) for entry in (wide, narrow, other)] == [1, 1, 1]


def test_a_full_window_takes_no_place_and_a_full_house_no_window(store: Store) -> None:
    window, place = a_window(1), a_place(5)
    assert take(store, window, place, token="one").refused == -1
    assert take(store, window, place, token="two").refused == 0
    assert store.client.zcard(place.key) == 1
    window, place = a_window(5), a_place(1)
    assert take(store, window, place, token="one").refused == -1
    assert take(store, window, place, token="two").refused == 1
    assert store.client.llen(window.key) == 1


def test_the_longest_wait_of_all_that_refuse_is_told(store: Store) -> None:
    short, long = a_window(1, 10), a_window(1, 900)
    take(store, short, long)
    refused = take(store, short, long)
    assert refused.refused == 1
    assert refused.wait == pytest.approx(900, abs=1)


def test_looking_counts_nothing(store: Store) -> None:
    entry = a_window(1)
    assert [take(store, entry, look=True).refused for _ in range(3)] == [-1, -1, -1]
    assert not store.client.exists(entry.key)


def test_what_is_left_and_when_more_comes(store: Store) -> None:
    entry = a_window(5, 60)
    take(store, entry)
    age(store.client, 20)
    verdict = take(store, entry)
    assert verdict.left == (3,)
    assert verdict.resets[0] == pytest.approx(40, abs=1)


def test_every_key_expires_and_holds_no_more_than_its_limit(store: Store) -> None:
    window, place = a_window(50, 60), a_place(50, seconds=60)
    for number in range(200):
        take(store, window, place, token=str(number), label="203.0.113.0/24")
    assert store.client.llen(window.key) == 50
    assert store.client.zcard(place.key) == 50
    assert int(store.client.memory_usage(window.key) or 0) < 50 * 16 + 200
    for key in store.client.scan_iter("limit:*"):
        assert 0 < store.client.pttl(key) <= 7_200_000, key
    assert store.client.pttl(window.key) <= 60_000


def test_old_entries_go_when_the_window_is_asked(store: Store) -> None:
    entry = a_window(1000, 60)
    for _ in range(30):
        take(store, entry)
        age(store.client, 4)
    assert store.client.llen(entry.key) == 15, "every 4 s, for 60 s"


def test_refused_requests_do_not_prolong_the_wait(store: Store) -> None:
    """The seed's mistake: each refused request began the wait anew."""
    entry = a_window(1, 60)
    take(store, entry)
    age(store.client, 50)
    waits = [take(store, entry).wait for _ in range(20)]
    assert max(waits) <= 10
    assert all(earlier >= later for earlier, later in pairwise(waits))


def test_a_clock_that_was_set_back_locks_nobody_out(store: Store) -> None:
    entry = a_window(3, 60)
    for _ in range(3):
        take(store, entry)
    age(store.client, -3600)
    assert take(store, entry).refused == -1


@pytest.mark.parametrize(
    ("written", "limit"), [("1", 20), ("0.75", 15), ("0.25", 5), ("0", 5), ("-3", 5), ("7", 20), ("nonsense", 20)]
)
def test_the_factor_scales_the_base_within_its_bounds(store: Store, written: str, limit: int) -> None:
    store.client.set(FACTOR_KEY, written, ex=60)
    entry, fast = a_window(20, scales=True), a_window(20)
    assert sum(take(store, entry).refused < 0 for _ in range(25)) == limit
    assert sum(take(store, fast).refused < 0 for _ in range(25)) == 20, "what does not scale stays"


def test_a_tightened_window_tells_when_it_has_room_again(store: Store) -> None:
    entry = a_window(4, 60, scales=True)
    for _ in range(4):
        take(store, entry)
        age(store.client, 10)
    store.client.set(FACTOR_KEY, "0.5", ex=60)
    verdict = take(store, entry)
    assert verdict.refused == 0
    assert verdict.wait == pytest.approx(40, abs=1), "the third oldest must go before one of two is free"


def test_a_limit_never_falls_below_one(store: Store) -> None:
    store.client.set(FACTOR_KEY, "0.25", ex=60)
    assert take(store, a_window(1, scales=True)).refused == -1
    assert min(STEPS) == FLOOR


def test_places_are_given_back_once_and_never_below_zero(store: Store) -> None:
    place = a_place(2)
    assert [take(store, place, token=token).refused for token in ("a", "b", "c")] == [-1, -1, 0]
    for _ in range(3):
        store.release([place.key], "a")
    assert store.client.zcard(place.key) == 1
    assert [take(store, place, token=token).refused for token in ("d", "e")] == [-1, 0]


def test_a_place_of_a_dead_process_is_free_when_its_time_is_over(store: Store) -> None:
    place = a_place(2, seconds=60)
    assert take(store, place, token="crashed").refused == -1
    age(store.client, 40)
    assert take(store, place, token="slow").refused == -1
    age(store.client, 19)
    assert take(store, place, token="next").refused == 0
    age(store.client, 2)
    assert take(store, place, token="next").refused == -1, "although the other one keeps the key alive"
    assert take(store, place, token="last").refused == 0


def test_the_busiest_refused_networks_are_kept_and_not_all_of_them(store: Store) -> None:
    entry = a_window(1)
    take(store, entry)
    for _ in range(5):
        take(store, entry, label="203.0.113.0/24")
    for number in range(MOST_LABELS + 50):
        take(store, entry, label=f"198.51.{number}.0/24")
    assert store.top(1) == [("203.0.113.0/24", 5)]
    assert len(store.top(10_000)) <= MOST_LABELS
