"""From an id's digest to its session: the copy if it may be believed, else PostgreSQL."""

from datetime import datetime
from time import monotonic
from typing import Any

from marketplace.sessions import copies, queries
from marketplace.sessions.copies import loads_total
from marketplace.sessions.fences import fences
from marketplace.sessions.models import Session
from marketplace.sessions.record import Record, Standing


def find(digest: str, *, now: datetime) -> Record | None:
    """The session, or None when it is over or never was. Raises what PostgreSQL raises."""
    begin = monotonic()
    held = copies.read(digest)
    if held == "over":
        loads_total.labels("over").inc()
        return None
    if held is not None:
        if held.expire_at > now and fences.allows(digest, held.version):
            loads_total.labels("copy").inc()
            return held
        # It has outlived what it says: nobody else should have to find out.
        copies.mark(digest)
    row = queries.by_digest(digest, now=now)
    if row is None:
        loads_total.labels("nothing").inc()
        copies.close(digest)
        return None
    loads_total.labels("database").inc()
    # Later than this, a mark that was put while we read may have gone.
    if monotonic() - begin < copies.LATEST:
        copies.fill(digest, record_of(row), now=now)
    return record_of(row)


def record_of(row: Session) -> Record:
    """A row as a record; its data are freshly decoded."""
    standing = Standing(str(row.handle), row.user_id, row.privileged, row.began_at)
    data: dict[str, Any] = row.get_decoded()
    return Record(standing, row.version, row.seen_at, row.expire_date, data)
