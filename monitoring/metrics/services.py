"""What is written about samples besides their counting: old ones go."""

from datetime import datetime

from django.db import connection

from monitoring.metrics.queries import oldest_kept

CHUNK = 5_000
# A run that finds a mountain leaves the rest to the next one, long before the worker's time limit.
MOST_CHUNKS = 200


def prune(*, now: datetime) -> int:
    """Deletes samples that are older than 30 days, in short transactions of CHUNK rows; returns how many."""
    before, deleted = oldest_kept(now), 0
    for _ in range(MOST_CHUNKS):
        with connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM metrics_sample WHERE ctid = ANY(ARRAY("
                "SELECT ctid FROM metrics_sample WHERE minute < %s LIMIT %s))",
                [before, CHUNK],
            )
            deleted += cursor.rowcount
            if cursor.rowcount < CHUNK:
                break
    return deleted
