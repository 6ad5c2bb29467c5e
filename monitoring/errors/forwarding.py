"""Forwards stored samples to Sentry. It sends what is in our tables, so nothing goes out that was not scrubbed first."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from django.db import connection

from monitoring.errors.messages import readable
from monitoring.errors.models import ErrorEvent
from monitoring.requests.scrubber import scrub_text

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

# A DSN that is set today must not send last month's errors.
FRESH = timedelta(hours=1)
PATIENCE = 2.0

# Whoever marks a row sends it: two workers never send the same.
_CLAIM = """
UPDATE errors_errorevent SET forwarded_at = %s WHERE id = ANY(ARRAY(
    SELECT id FROM errors_errorevent WHERE forwarded_at IS NULL AND at >= %s
    ORDER BY at LIMIT %s FOR UPDATE SKIP LOCKED
)) RETURNING id
"""


@dataclass
class Sentry:
    """The client of this process: made when the first sample is sent, never without a DSN."""

    options: Mapping[str, object] | None = None
    begun: bool = False


_sentry = Sentry()
_lock = Lock()


def configure(options: Mapping[str, object] | None) -> None:
    """Options for ``sentry_sdk.init`` with the DSN among them, or None: nothing is forwarded."""
    _sentry.options, _sentry.begun = options, False


def forward(*, now: datetime, limit: int = 100) -> int:
    """Sends samples that were not sent yet; returns how many. What Sentry does not take is not sent again: it is stored here."""
    if _sentry.options is None:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now, now - FRESH, limit])
        claimed = [row[0] for row in cursor.fetchall()]
    if not claimed:
        return 0
    _begin(_sentry.options)
    import sentry_sdk

    for event in ErrorEvent.objects.filter(pk__in=claimed).select_related("group").order_by("at"):
        # A scope of its own: nothing that this worker did before belongs to the event.
        with sentry_sdk.isolation_scope() as scope:
            scope.clear()
            sentry_sdk.capture_event(_as_event(event))
    # Here, in a task of its own, waiting is right: a worker may be told to stop right after.
    sentry_sdk.flush(timeout=PATIENCE)
    return len(claimed)


def _begin(options: Mapping[str, object]) -> None:
    """In the process that sends, after it was forked: the client has a thread."""
    with _lock:
        if not _sentry.begun:
            import sentry_sdk

            sentry_sdk.init(**options, before_send=before_send)  # type: ignore[arg-type]
            _sentry.begun = True


# What an event may consist of; the client adds modules, its own user, breadcrumbs and more.
_KEPT = frozenset(
    {
        "event_id", "timestamp", "level", "platform", "logger", "transaction", "fingerprint", "exception", "tags",
        "release", "environment", "sdk", "type",
    }
)  # fmt: skip


def before_send(event: "Event", hint: "Hint") -> "Event | None":
    """The last door: only fields that we fill leave the house, and their texts are scrubbed once more."""
    kept = {name: value for name, value in event.items() if name in _KEPT}
    for value in (kept.get("exception") or {}).get("values", []):  # type: ignore[attr-defined]
        value["value"] = readable(str(value.get("value") or ""))
        for frame in (value.get("stacktrace") or {}).get("frames", []):
            frame.pop("vars", None)
    kept["tags"] = {name: scrub_text(str(text)) for name, text in (kept.get("tags") or {}).items()}  # type: ignore[attr-defined]
    return kept  # type: ignore[return-value]


def _as_event(event: ErrorEvent) -> "Event":
    # Sentry wants the innermost cause first.
    values = [
        {
            "type": link["type"].rpartition(".")[2],
            "module": link["type"].rpartition(".")[0],
            "value": link["message"],
            "mechanism": {"type": "awning", "handled": event.handled},
            "stacktrace": {
                "frames": [
                    {
                        "filename": frame["file"],
                        "lineno": frame["line"],
                        "function": frame["function"],
                        "in_app": frame["ours"],
                    }
                    for frame in link["frames"]
                ]
            },
        }
        for link in reversed(event.chain)
    ]
    return {
        "event_id": event.event_id.hex,
        "timestamp": event.at,
        "level": "warning" if event.handled else "error",
        "platform": "python",
        "transaction": event.origin,
        "fingerprint": [event.group.fingerprint],
        "release": event.release or None,
        "exception": {"values": values},
        "tags": {"request_id": event.request_id, "process": event.process, "user_key": event.user},
    }
