"""What operators see of the inbox."""

from datetime import datetime

from marketplace.core.ops_panels import backlog
from monitoring.ops import panels
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body

_OPEN = """
SELECT count(*), coalesce(extract(epoch FROM %s - min(received_at)), 0)
FROM payments_inboxevent WHERE processed_at IS NULL AND dead_at IS NULL
"""
_DEAD = """
SELECT id, event_id, type, attempts, dead_at, left(last_error, 200), count(*) OVER ()
FROM payments_inboxevent WHERE processed_at IS NULL AND dead_at IS NOT NULL ORDER BY dead_at DESC, id DESC LIMIT %s
"""


def register() -> None:
    """Called when the app is ready. Dead ones are no part of an index: rarely looked up, in a lane of their own."""
    panel = Panel(
        "inbox",
        "Inbox",
        inbox,
        70,
        column="right",
        lane="database:inbox",
        limit=2.0,
        every=15.0,
        admin="payments_inboxevent",
    )
    panels.register(panel)


def inbox(now: datetime) -> Body:
    """Messages of the provider that wait to be processed, and those that were given up."""
    return backlog(_OPEN, _DEAD, head="Message", now=now)
