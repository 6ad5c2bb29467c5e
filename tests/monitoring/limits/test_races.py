"""Many at once, from threads and from processes: never one too many, never a place lost."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from uuid import uuid4

import pytest

from monitoring.limits.guard import engine
from monitoring.limits.keys import Who
from monitoring.limits.local import LocalCount
from tests.monitoring.limits.crowd import admitted
from tests.monitoring.limits.making import a_place, a_window, an_engine


@pytest.fixture
def processes() -> Iterator[ProcessPoolExecutor]:
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield pool


def test_processes_together_get_the_limit_and_no_more(processes: ProcessPoolExecutor) -> None:
    key = f"limit:test:{uuid4().hex}"
    jobs = [processes.submit(admitted, engine().policy.store_url, key, 150, 200) for _ in range(2)]
    assert sum(job.result(timeout=60) for job in jobs) == 150


def test_threads_of_one_process_too() -> None:
    entry, store = a_window(100, 600), engine().store
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda number: store.take([entry], token=str(number)).refused, range(400)))
    assert done.count(-1) == 100


def test_places_survive_a_crowd() -> None:
    place, store = a_place(5), engine().store
    most = []

    def come_and_go(number: int) -> int:
        verdict = store.take([place], token=str(number))
        if verdict.refused < 0:
            most.append(store.client.zcard(place.key))
            store.release([place.key], str(number))
        return verdict.refused

    with ThreadPoolExecutor(16) as pool:
        done = list(pool.map(come_and_go, range(400)))
    assert max(most) <= 5
    assert done.count(-1) >= 5
    assert store.client.zcard(place.key) == 0


def test_the_local_count_is_as_strict_under_threads() -> None:
    local, entry = LocalCount(1), a_window(50, 600)
    with ThreadPoolExecutor(8) as pool:
        done = list(pool.map(lambda _: local.take([entry]).refused, range(300)))
    assert done.count(-1) == 50


def test_an_account_under_attack_from_everywhere_is_limited_in_sum() -> None:
    made = an_engine()
    with ThreadPoolExecutor(8) as pool:
        done = list(
            pool.map(
                lambda number: made.check(["sign-in"], Who(f"203.0.113.{number}", account="mira@example.test")),
                range(100),
            )
        )
    assert sum(decision.allowed for decision in done) == 10
