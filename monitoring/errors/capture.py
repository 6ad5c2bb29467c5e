"""``report``: the one call for an error that somebody should see. It costs its caller microseconds and never raises."""

import os
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

from monitoring.errors import traces
from monitoring.errors.buffer import Buffer, Sample
from monitoring.requests import ids, origin
from monitoring.requests.origin import Origin

FACTS = 20
LONGEST_FACT = 200


@dataclass
class _Process:
    """What this process has not handed on yet; a forked child starts with nothing."""

    buffer: Buffer = field(default_factory=Buffer)
    failures: int = 0


_process = _Process()


def _in_child() -> None:
    # What the parent holds the parent sends; its locks may be held by a thread that the child does not have.
    _process.buffer, _process.failures = Buffer(), 0


os.register_at_fork(after_in_child=_in_child)


def buffer() -> Buffer:
    """What waits in this process."""
    return _process.buffer


def failures() -> int:
    """How often ``report`` itself failed in this process."""
    return _process.failures


def report(error: BaseException, *, handled: bool = True, **facts: object) -> None:
    """Hands an error on to be counted, grouped, stored and forwarded; returns at once, whatever is down.

    ``handled`` says that the work went on. ``facts`` are short plain values (ids, counts, names) that help to find the
    cause; other objects are replaced by the name of their class. The error of one request is counted once, however
    often it is reported on its way up.
    """
    capture(error, handled=handled, place=None, facts=facts)


def capture(error: BaseException, *, handled: bool, place: Origin | None, facts: dict[str, object]) -> None:
    """``report`` for callers who know better than the context where the error happened."""
    try:
        request_id = ids.current()
        if request_id and getattr(error, "_reported_in", None) == request_id:
            return
        _capture(error, handled=handled, place=place or origin.current(), facts=facts, request_id=request_id)
        if request_id:
            error._reported_in = request_id  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - the report of an error must not become a second one
        _process.failures += 1


def _capture(error: BaseException, *, handled: bool, place: Origin, facts: dict[str, object], request_id: str) -> None:
    at = datetime.now(UTC)
    fingerprint = traces.fingerprint(error)
    if not _process.buffer.count(fingerprint, traces.name_of(error), at=at, tick=time.monotonic()):
        return
    _process.buffer.keep(
        Sample(
            id=uuid4().hex,
            fingerprint=fingerprint,
            at=at,
            links=traces.chain(error),
            handled=handled,
            request_id=request_id[:64],
            origin=place.name[:200],
            user=place.user[:64],
            facts={str(name)[:40]: _plain(value) for name, value in list(facts.items())[:FACTS]},
        )
    )


def _plain(value: object) -> str | int | float | bool | None:
    """A fact as a value that cannot run code of ours or grow: no repr of anything unknown."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str | UUID | Decimal | date):
        return str(value)[:LONGEST_FACT]
    return f"<{type(value).__name__}>"
