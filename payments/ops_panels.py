"""What operators see of the inbox."""

from datetime import datetime

from django.db import connection

from marketplace.core.ops_panels import figures, state_of
from monitoring.ops import panels
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body, Cell, Row, Table, clock

MOST_DEAD = 10
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
    with connection.cursor() as cursor:
        cursor.execute(_OPEN, [now])
        waiting, old = cursor.fetchone()
        cursor.execute(_DEAD, [MOST_DEAD])
        found = cursor.fetchall()
    age, dead = max(0.0, float(old)), int(found[0][6]) if found else 0
    rows = tuple(
        Row(
            f"{pk}",
            (
                Cell(kind, small=error or event_id, code=True),
                Cell(f"{attempts}", number=True),
                Cell(clock(dead_at, now), number=True),
            ),
        )
        for pk, event_id, kind, attempts, dead_at, error, _ in found
    )
    heads = (("Message", False), ("Attempts", True), ("Given up", True))
    return Body(
        state_of(age=age, dead=dead, waiting=waiting),
        figures=figures(age=age, dead=dead, waiting=waiting),
        tables=(Table("dead", "Given up, the latest first", heads, rows, "Nothing was given up."),),
    )
