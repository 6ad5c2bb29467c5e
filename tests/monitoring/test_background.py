import os
import threading
from datetime import datetime

import pytest

from monitoring import background
from monitoring.requests import ids


@pytest.fixture(autouse=True)
def _own_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "_jobs", {})
    monkeypatch.setattr(background, "_crew", background._Crew())


def test_a_job_runs_again_and_again_and_a_last_time_at_the_end() -> None:
    runs: list[datetime] = []
    twice = threading.Event()

    def run(now: datetime) -> None:
        runs.append(now)
        if len(runs) == 2:
            twice.set()

    background.register("count", every=0.001, run=run)
    background.start()
    assert twice.wait(5)
    threads = list(background._crew.threads)
    background.finish(5)
    assert not any(thread.is_alive() for thread in threads)
    assert len(runs) >= 3
    assert all(run.tzinfo is not None for run in runs)


def test_a_job_that_waits_long_is_still_run_at_the_end() -> None:
    ran = threading.Event()
    background.register("hourly", every=3600, run=lambda now: ran.set())
    background.start()
    background.finish(5)
    assert ran.is_set()


def test_a_failing_job_is_logged_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    again = threading.Event()
    failures: list[int] = []

    def run(now: datetime) -> None:
        failures.append(1)
        if len(failures) > 1:
            again.set()
        raise OSError("the store is away")

    background.register("broken", every=0.001, run=run)
    background.start()
    assert again.wait(5)
    background.finish(5)
    assert "background.failed" in caplog.messages


@pytest.mark.parametrize("trouble", ["scope", "connections"])
def test_no_trouble_around_a_job_ends_its_thread(trouble: str, monkeypatch: pytest.MonkeyPatch) -> None:
    again, runs = threading.Event(), []

    def fail(*args: object) -> None:
        runs.append(1)
        if len(runs) > 2:
            again.set()
        raise OSError("broken")

    if trouble == "scope":
        background.surround(lambda job: ids.within(job=fail()))
    else:
        monkeypatch.setattr("django.db.connections.close_all", fail)
    background.register("steady", every=0.001, run=lambda now: None)
    background.start()
    assert again.wait(5)
    assert all(thread.is_alive() for thread in background._crew.threads)
    background.finish(5)


def test_the_end_does_not_wait_longer_than_it_may() -> None:
    release = threading.Event()
    background.register("hangs", every=0.001, run=lambda now: release.wait(30))
    background.start()
    thread = background._crew.threads[0]
    background.finish(0.05)
    assert thread.is_alive()
    release.set()
    thread.join(5)


def test_starting_twice_starts_once() -> None:
    background.register("one", every=3600, run=lambda now: None)
    background.start()
    background.start()
    assert len(background._crew.threads) == 1
    background.finish(5)


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_starts_its_own_threads() -> None:
    background.register("one", every=3600, run=lambda now: None)
    background.start()
    child = os.fork()
    if child == 0:
        os._exit(0 if not background._crew.threads else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    background.finish(5)
