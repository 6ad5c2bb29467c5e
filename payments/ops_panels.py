"""What operators see of the inbox."""

from datetime import datetime

from marketplace.core.errors import NotFound
from marketplace.core.ops_panels import backlog
from monitoring.ops import actions, panels
from monitoring.ops.actions import Action, Order, Refused
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body
from payments import webhooks

_OPEN = """
SELECT count(*), coalesce(extract(epoch FROM %s - min(received_at)), 0)
FROM payments_inboxevent WHERE processed_at IS NULL AND dead_at IS NULL
"""
_DEAD = """
SELECT id, event_id, type, attempts, dead_at, left(last_error, 200), count(*) OVER ()
FROM payments_inboxevent WHERE processed_at IS NULL AND dead_at IS NOT NULL ORDER BY dead_at DESC, id DESC LIMIT %s
"""


def register() -> None:
    """Called when the app is ready."""
    panels.register(Panel("inbox", "Inbox", inbox, 70, column="right", admin="payments_inboxevent"))
    actions.register(Action("inbox-again", "payments.change_inboxevent", "inbox", send_again))


def inbox(now: datetime) -> Body:
    """Messages of the provider that wait to be processed, and those that were given up."""
    return backlog(_OPEN, _DEAD, head="Message", again="inbox-again", now=now)


def send_again(order: Order) -> str:
    """Brings a message that was given up back."""
    try:
        kind = webhooks.send_again(event_id=order.number(), now=order.now)
    except NotFound as error:
        raise Refused(error.message) from error
    return f"{kind} is processed again within a second."
