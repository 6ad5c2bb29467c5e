"""Stores batches of errors, each once; and what operators decide about a kind of error."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection, transaction

from monitoring.errors.batches import BatchRecord, SampleRecord, moment
from monitoring.errors.models import ErrorEvent, ErrorGroup, StoredBatch

# Samples kept of one kind: the very first, and the latest.
SAMPLES = 50
RETENTION = timedelta(days=30)
# A group that was not seen for so long is forgotten; seen again, it is new.
FORGOTTEN = timedelta(days=90)

# Counting and reopening are one statement: two workers may store the same kind at once. Only an occurrence after the
# resolution reopens; what was on its way before it does not. Sorted by fingerprint, so that two batches lock alike.
_UPSERT = """
INSERT INTO errors_errorgroup AS g
    (fingerprint, type, message, culprit, origin, status, count, first_seen, last_seen, created_at, release)
SELECT fingerprint, type, message, culprit, origin, 'open', times, first_at, last_at, %(now)s, %(release)s
FROM unnest(%(fingerprints)s::text[], %(types)s::text[], %(messages)s::text[], %(culprits)s::text[], %(origins)s::text[],
            %(times)s::bigint[], %(firsts)s::timestamptz[], %(lasts)s::timestamptz[])
     AS t(fingerprint, type, message, culprit, origin, times, first_at, last_at)
ORDER BY fingerprint
ON CONFLICT (fingerprint) DO UPDATE SET
    count = g.count + excluded.count,
    first_seen = least(g.first_seen, excluded.first_seen),
    last_seen = greatest(g.last_seen, excluded.last_seen),
    message = coalesce(nullif(excluded.message, ''), g.message),
    culprit = coalesce(nullif(excluded.culprit, ''), g.culprit),
    origin = coalesce(nullif(excluded.origin, ''), g.origin),
    release = CASE WHEN excluded.last_seen >= g.last_seen THEN excluded.release ELSE g.release END,
    reopened_at = CASE WHEN g.status = 'resolved' AND excluded.last_seen > g.resolved_at THEN %(now)s ELSE g.reopened_at END,
    status = CASE WHEN g.status = 'resolved' AND excluded.last_seen > g.resolved_at THEN 'open' ELSE g.status END
RETURNING fingerprint, id
"""

_TRIM = """
DELETE FROM errors_errorevent WHERE id IN (
    SELECT id FROM (
        SELECT id, row_number() OVER (PARTITION BY group_id ORDER BY at DESC, id DESC) AS newest,
               row_number() OVER (PARTITION BY group_id ORDER BY at, id) AS oldest
        FROM errors_errorevent WHERE group_id = ANY(%s)
    ) AS ranked WHERE newest > %s AND oldest > 1
)
"""


def store(batch: BatchRecord, *, now: datetime) -> bool:
    """Counts and keeps a batch in one transaction; False when it was stored before."""
    with transaction.atomic():
        _, fresh = StoredBatch.objects.get_or_create(pk=UUID(batch["id"]), defaults={"stored_at": now})
        if not fresh:
            return False
        groups = _count(batch, now=now)
        ErrorEvent.objects.bulk_create(
            [_event(sample, batch, groups[sample["fingerprint"]]) for sample in batch["samples"]], ignore_conflicts=True
        )
        if batch["samples"]:
            _trim({groups[sample["fingerprint"]] for sample in batch["samples"]})
    return True


def resolve(*, groups: list[int], by: int | None, now: datetime) -> int:
    """Marks kinds of errors as mended; the next occurrence after ``now`` reopens one. Returns how many changed."""
    rows = ErrorGroup.objects.filter(pk__in=groups).exclude(status=ErrorGroup.Status.RESOLVED)
    return rows.update(status=ErrorGroup.Status.RESOLVED, resolved_at=now, resolved_by_id=by)


def ignore(*, groups: list[int]) -> int:
    """Goes on counting, but says nothing more about these kinds. Returns how many changed."""
    rows = ErrorGroup.objects.filter(pk__in=groups).exclude(status=ErrorGroup.Status.IGNORED)
    return rows.update(status=ErrorGroup.Status.IGNORED)


def reopen(*, groups: list[int]) -> int:
    """Opens kinds by hand: no alert follows, somebody knows already. Returns how many changed."""
    rows = ErrorGroup.objects.filter(pk__in=groups).exclude(status=ErrorGroup.Status.OPEN)
    return rows.update(status=ErrorGroup.Status.OPEN, resolved_at=None, resolved_by=None)


def prune(*, now: datetime, limit: int = 5000) -> int:
    """Deletes old samples, forgotten kinds and old receipts, at most ``limit`` of each; returns how many rows went."""
    events = ErrorEvent.objects.filter(at__lt=now - RETENTION).order_by("at").values_list("pk", flat=True)[:limit]
    gone = ErrorEvent.objects.filter(pk__in=list(events)).delete()[0]
    forgotten = ErrorGroup.objects.filter(last_seen__lt=now - FORGOTTEN)
    gone += ErrorGroup.objects.filter(pk__in=list(forgotten.values_list("pk", flat=True)[:limit])).delete()[0]
    old = StoredBatch.objects.filter(stored_at__lt=now - timedelta(days=2)).values_list("pk", flat=True)[:limit]
    return gone + StoredBatch.objects.filter(pk__in=list(old)).delete()[0]


def _count(batch: BatchRecord, *, now: datetime) -> Mapping[str, int]:
    latest = {sample["fingerprint"]: sample for sample in batch["samples"]}
    tallies = batch["tallies"]
    samples = [latest.get(tally["fingerprint"]) for tally in tallies]
    with connection.cursor() as cursor:
        cursor.execute(
            _UPSERT,
            {
                "now": now,
                "release": batch["release"][:80],
                "fingerprints": [tally["fingerprint"] for tally in tallies],
                "types": [tally["type"] for tally in tallies],
                "messages": [sample["chain"][0]["message"] if sample else "" for sample in samples],
                "culprits": [sample["culprit"] if sample else "" for sample in samples],
                "origins": [sample["origin"] if sample else "" for sample in samples],
                "times": [tally["times"] for tally in tallies],
                "firsts": [moment(tally["first_at"]) for tally in tallies],
                "lasts": [moment(tally["last_at"]) for tally in tallies],
            },
        )
        return dict(cursor.fetchall())


def _event(sample: SampleRecord, batch: BatchRecord, group: int) -> ErrorEvent:
    return ErrorEvent(
        group_id=group,
        event_id=UUID(sample["id"]),
        at=moment(sample["at"]),
        handled=sample["handled"],
        chain=sample["chain"],
        facts=sample["facts"],
        request_id=sample["request_id"],
        origin=sample["origin"],
        user=sample["user"],
        process=batch["process"][:40],
        release=batch["release"][:80],
    )


def _trim(groups: set[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_TRIM, [sorted(groups), SAMPLES - 1])
