import threading
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import connections
from django.utils import timezone

from marketplace.accounts.models import User
from monitoring.errors import delivery, queries, report, services, wiring
from monitoring.errors.batches import BatchRecord, LinkRecord, SampleRecord, Sender, TallyRecord
from monitoring.errors.models import ErrorEvent, ErrorGroup, StoredBatch
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def a_sample(fingerprint: str = "f" * 32, *, at: datetime = NOW, message: str = "no seat left") -> SampleRecord:
    return SampleRecord(
        id=uuid4().hex,
        fingerprint=fingerprint,
        at=at.isoformat(),
        culprit="marketplace/seats.py in book",
        chain=[LinkRecord(type="ValueError", message=message, frames=[])],
        handled=False,
        request_id="0123456789abcdef",
        origin="/seats/",
        user="7",
        facts={},
    )


def a_batch(*samples: SampleRecord, times: int = 1, at: datetime = NOW, fingerprint: str = "f" * 32) -> BatchRecord:
    prints = [sample["fingerprint"] for sample in samples] or [fingerprint]
    return BatchRecord(
        id=uuid4().hex,
        process="web",
        release="1.2",
        samples=list(samples),
        tallies=[
            TallyRecord(
                fingerprint=one, type="ValueError", first_at=at.isoformat(), last_at=at.isoformat(), times=times
            )
            for one in dict.fromkeys(prints)
        ],
    )


def test_a_batch_makes_a_group_and_its_samples(db: None) -> None:
    assert services.store(a_batch(a_sample(), times=3), now=NOW)
    group = ErrorGroup.objects.get()
    assert (group.count, group.type, group.message, group.culprit) == (
        3,
        "ValueError",
        "no seat left",
        "marketplace/seats.py in book",
    )
    assert (group.first_seen, group.last_seen, group.created_at, group.release) == (NOW, NOW, NOW, "1.2")
    event = group.events.get()
    assert (event.request_id, event.origin, event.user, event.process) == ("0123456789abcdef", "/seats/", "7", "web")


def test_a_batch_that_comes_twice_is_stored_once(db: None) -> None:
    batch = a_batch(a_sample(), times=3)
    assert services.store(batch, now=NOW)
    assert not services.store(batch, now=NOW)
    assert ErrorGroup.objects.get().count == 3
    assert ErrorEvent.objects.count() == 1


def test_counts_without_a_sample_are_added_and_keep_the_text(db: None) -> None:
    services.store(a_batch(a_sample()), now=NOW)
    services.store(a_batch(times=41, at=NOW + MINUTE), now=NOW)
    group = ErrorGroup.objects.get()
    assert (group.count, group.message, group.last_seen) == (42, "no seat left", NOW + MINUTE)


def test_samples_of_a_kind_are_bounded_and_the_very_first_stays(db: None) -> None:
    for n in range(70):
        services.store(a_batch(a_sample(at=NOW + n * MINUTE)), now=NOW)
    kept = list(ErrorEvent.objects.order_by("at").values_list("at", flat=True))
    assert len(kept) == services.SAMPLES
    assert kept[0] == NOW
    assert kept[1:] == [NOW + n * MINUTE for n in range(21, 70)]


def test_a_resolved_kind_is_reopened_when_it_comes_back(mira: User) -> None:
    services.store(a_batch(a_sample()), now=NOW)
    group = ErrorGroup.objects.get()
    services.resolve(groups=[group.pk], by=mira.pk, now=NOW + MINUTE)
    services.store(a_batch(a_sample(at=NOW + 2 * MINUTE), at=NOW + 2 * MINUTE), now=NOW + 3 * MINUTE)
    group.refresh_from_db()
    assert group.status == "open"
    assert group.reopened_at == NOW + 3 * MINUTE
    assert group.resolved_by == mira
    assert [kind.pk for kind in queries.reopened_since(NOW + 3 * MINUTE)] == [group.pk]
    assert queries.reopened_since(NOW + 4 * MINUTE) == []


def test_a_late_report_from_before_the_resolution_reopens_nothing(db: None) -> None:
    services.store(a_batch(a_sample()), now=NOW)
    group = ErrorGroup.objects.get()
    services.resolve(groups=[group.pk], by=None, now=NOW + 5 * MINUTE)
    services.store(a_batch(a_sample(at=NOW + MINUTE), at=NOW + MINUTE), now=NOW + 9 * MINUTE)
    group.refresh_from_db()
    assert (group.status, group.count, group.reopened_at) == ("resolved", 2, None)


def test_an_ignored_kind_is_counted_and_stays_ignored(db: None) -> None:
    services.store(a_batch(a_sample()), now=NOW)
    group = ErrorGroup.objects.get()
    assert services.ignore(groups=[group.pk]) == 1
    services.store(a_batch(times=5, at=NOW + MINUTE), now=NOW + MINUTE)
    group.refresh_from_db()
    assert (group.status, group.count) == ("ignored", 6)
    assert queries.new_since(NOW) == []
    assert services.reopen(groups=[group.pk]) == 1


def test_new_kinds_are_those_stored_since_whenever_they_happened(db: None) -> None:
    services.store(a_batch(a_sample(at=NOW - MINUTE), at=NOW - MINUTE), now=NOW + MINUTE)
    assert [kind.title for kind in queries.new_since(NOW + MINUTE)] == ["ValueError"]
    assert queries.new_since(NOW + 2 * MINUTE) == []
    assert queries.summary().open == 1


def test_two_workers_that_store_the_same_kinds_count_all_and_do_not_wait_in_a_ring(transactional_db: None) -> None:
    meet = threading.Barrier(4, timeout=10)
    failures: list[BaseException] = []
    prints = [f"{n:032x}" for n in range(20)]

    def work(order: list[str]) -> None:
        try:
            meet.wait()
            for _ in range(10):
                services.store(a_batch(*[a_sample(one) for one in order]), now=NOW)
        except BaseException as error:  # noqa: BLE001 - the test says which
            failures.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(prints[:: 1 if n % 2 else -1],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert set(ErrorGroup.objects.values_list("count", flat=True)) == {40}


def test_what_is_old_is_forgotten(db: None) -> None:
    services.store(a_batch(a_sample("a" * 32), at=NOW - timedelta(days=100)), now=NOW - timedelta(days=100))
    services.store(a_batch(a_sample("b" * 32, at=NOW - timedelta(days=31))), now=NOW)
    services.store(a_batch(a_sample("b" * 32)), now=NOW)
    services.prune(now=NOW)
    assert list(ErrorGroup.objects.values_list("fingerprint", flat=True)) == ["b" * 32]
    assert ErrorEvent.objects.count() == 1
    assert StoredBatch.objects.count() == 2
    services.prune(now=NOW + timedelta(days=3))
    assert not StoredBatch.objects.exists()


def test_no_text_makes_a_batch_that_the_database_refuses(transactional_db: None) -> None:
    strange = type("Strange", (ValueError,), {})
    for text in ("\x00", "half \ud800 pair", "\udcff", "a\x00b", "\uffff", "x" * 10**6, "🪴 \u202e"):
        report(strange(text), handler=text, **{text[:30]: 1})
    courier = delivery.Courier(Sender("web"), publish=_refuse, store=wiring._store)
    courier.run(ending=True)
    assert ErrorGroup.objects.get().count == 7


def _refuse(batch: object) -> None:
    raise OSError("away")


def test_pruning_is_a_task(db: None) -> None:
    from monitoring.errors import tasks

    services.store(a_batch(a_sample(at=timezone.now() - timedelta(days=60))), now=timezone.now())
    assert tasks.prune_errors() == 1
