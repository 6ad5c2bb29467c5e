import os
import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from django.db import OperationalError, connection

from monitoring.metrics import queries, samples, services
from monitoring.metrics.models import Sample
from monitoring.metrics.samples import MOST_ENTRIES, MOST_NAMES, Samples

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    """Stands at noon until it is told otherwise."""

    def __init__(self) -> None:
        self.now = NOON.timestamp()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def here(clock: Clock) -> Samples:
    return Samples(clock)


def noon_hour(name: str) -> queries.Window:
    return queries.window(name, since=NOON, until=NOON + timedelta(hours=1))


@pytest.mark.django_db
def test_a_flush_writes_one_row_per_minute_and_name(here: Samples, clock: Clock) -> None:
    here.add("request", 0.2, bad=False)
    here.add("request", 0.4, bad=True)
    here.add("signup", None, bad=True)
    clock.now += 60
    here.add("request", 1.0, bad=False)
    assert here.flush("a/web") == 3
    assert here.flush("a/web") == 0
    first = Sample.objects.get(name="request", minute=NOON)
    assert (first.count, first.bad, first.highest) == (2, 1, 0.4)
    assert first.total == pytest.approx(0.6)
    assert (first.instance, sum(first.buckets)) == ("a/web", 2)
    sign_up = Sample.objects.get(name="signup")
    assert (sign_up.count, sign_up.bad, sign_up.highest, sum(sign_up.buckets)) == (1, 1, None, 0)


@pytest.mark.django_db
def test_later_flushes_of_the_same_minute_add_up(here: Samples) -> None:
    here.add("request", 0.2, bad=True)
    here.flush("a/web")
    here.add("request", 3.0, bad=False)
    here.flush("a/web")
    here.add("request", 1.0, bad=False)
    here.flush("b/web")
    assert Sample.objects.count() == 2
    whole = noon_hour("request")
    assert (whole.count, whole.bad, whole.highest, sum(whole.buckets)) == (3, 1, 3.0, 3)
    assert whole.mean == pytest.approx(1.4)
    assert whole.share_bad == pytest.approx(1 / 3)


@pytest.mark.django_db
def test_a_flush_is_one_statement(here: Samples, django_assert_num_queries: object) -> None:
    for name in ("request", "query", "task", "payment"):
        here.add(name, 0.1, bad=False)
    with django_assert_num_queries(1):  # type: ignore[operator]
        here.flush("a/web")


@pytest.mark.django_db
def test_while_the_database_is_away_everything_waits(
    here: Samples, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*args: object) -> None:
        here.add("request", 0.3, bad=False)
        raise OperationalError("gone")

    here.add("request", 0.1, bad=True)
    monkeypatch.setattr(samples, "_write", away)
    assert here.flush("a/web") == 0
    assert here.flush("a/web") == 0
    assert here.waiting() == 3
    assert [record.message for record in caplog.records] == ["samples.waiting"], "said once, not at every flush"
    monkeypatch.undo()
    assert here.flush("a/web") == 1
    assert (noon_hour("request").count, noon_hour("request").bad) == (3, 1)
    assert here.dropped() == {}


def test_a_mistake_in_the_writing_loses_nothing_either(here: Samples, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*args: object) -> None:
        raise TypeError("a bug")

    here.add("request", 0.1, bad=True)
    monkeypatch.setattr(samples, "_write", broken)
    with pytest.raises(TypeError):
        here.flush("a/web")
    assert here.waiting() == 1


def test_what_does_not_fit_is_counted_as_dropped(here: Samples, clock: Clock) -> None:
    for _ in range(MOST_ENTRIES + 25):
        here.add("request", 0.1, bad=False)
        here.add("request", 0.1, bad=False)
        clock.now += 60
    assert here.waiting() == 2 * MOST_ENTRIES
    assert here.dropped() == {"full": 50}


def test_the_number_of_names_is_bounded(here: Samples) -> None:
    for number in range(MOST_NAMES + 10):
        here.add(f"name_{number}", 0.1, bad=False)
    here.add("Not a name; drop table", 0.1, bad=False)
    assert here.waiting() == MOST_NAMES
    assert here.dropped() == {"name": 11}


def test_what_is_not_a_number_counts_without_a_size(here: Samples) -> None:
    for value in (float("nan"), float("inf"), float("-inf")):
        here.add("request", value, bad=False)
    (tally,) = here._tallies.values()
    assert (tally.count, tally.total, sum(tally.buckets)) == (3, 0.0, 0)


def test_threads_lose_nothing(here: Samples) -> None:
    previous = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:

        def work() -> None:
            for _ in range(5_000):
                here.add("request", 0.1, bad=True)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(previous)
    (tally,) = here._tallies.values()
    assert (tally.count, tally.bad, sum(tally.buckets)) == (20_000, 20_000, 20_000)


def test_the_child_of_a_fork_starts_empty_and_unlocked() -> None:
    samples._here.forget()
    samples.observe("request", seconds=0.1)
    samples._here._lock.acquire()
    child = os.fork()
    if child == 0:
        waiting = -1 if samples._here._lock.locked() else samples._here.waiting()
        os._exit(0 if waiting == 0 else 1)
    samples._here._lock.release()
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    assert samples._here.waiting() == 1
    samples._here.forget()


def test_observe_never_raises(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(*args: object, **kwargs: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(samples._here, "add", broken)
    samples.observe("request", seconds=0.1)
    samples.level("memory", 0.5)
    assert [record.message for record in caplog.records] == ["samples.observe"] * 2


@pytest.mark.django_db
def test_old_samples_go_in_chunks(here: Samples, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CHUNK", 2)
    clock.now -= 30 * 86_400 + 300
    for _ in range(8):
        here.add("request", 0.1, bad=False)
        clock.now += 60
    here.flush("a/web")
    assert services.prune(now=NOON) == 5
    assert services.prune(now=NOON) == 0
    assert Sample.objects.count() == 3
    monkeypatch.setattr(services, "MOST_CHUNKS", 1)
    assert services.prune(now=NOON + timedelta(days=1)) == 2, "one run is bounded, the next one goes on"


@pytest.mark.django_db
def test_the_upsert_adds_whatever_the_lengths_of_the_histograms(here: Samples) -> None:
    """A release with more buckets writes into a minute that an older one has begun."""
    here.add("request", 0.1, bad=False)
    here.flush("a/web")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE metrics_sample SET buckets = buckets[1:20]")
    assert sum(noon_hour("request").buckets) == 1
    here.add("request", 100.0, bad=False)
    here.flush("a/web")
    assert sum(noon_hour("request").buckets) == 2
