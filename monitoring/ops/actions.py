"""What operators can do from their page: registered by name, each with the right it needs, each written into the log."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from django.contrib.admin.models import CHANGE, LogEntry
from django.db import DatabaseError

# What the log may show of an address: ids and names of ours.
_PLAIN = re.compile(r"[a-z0-9_-]{1,40}")
logger = logging.getLogger(__name__)


class Refused(Exception):
    """It was not done; the text says why, for the operator."""


@dataclass(frozen=True, slots=True)
class Order:
    """Who wants it done to what, and when; ``by`` names the operator for logs."""

    target: str
    by_id: int
    by: str
    now: datetime

    def number(self) -> int:
        """The target as an id. Raises Refused for what is none."""
        if not (self.target.isascii() and self.target.isdigit() and len(self.target) < 19):
            raise Refused("There is nothing of that number: load the page again.")
        return int(self.target)


Run: TypeAlias = Callable[[Order], str]


@dataclass(frozen=True, slots=True)
class Action:
    """``run`` returns what was done, as a sentence, or raises Refused; ``permission`` "" is for superusers alone.

    ``panel`` is where the operator is brought back to.
    """

    name: str
    permission: str
    panel: str
    run: Run


_actions: dict[str, Action] = {}


def register(action: Action) -> None:
    """Adds an action; a second one of the same name takes its place."""
    _actions[action.name] = action


def find(name: str) -> Action | None:
    """The action of that name."""
    return _actions.get(name)


def permission_of(name: str) -> str:
    """The right an action needs, "" for superusers alone and for what is not registered."""
    action = _actions.get(name)
    return action.permission if action else ""


def perform(action: Action, order: Order) -> str:
    """Does it and writes down who did; returns the sentence. Raises Refused, which is written down too."""
    facts = {
        "action": action.name,
        "target": order.target if _PLAIN.fullmatch(order.target) else "",
        "user_id": order.by_id,
    }
    try:
        said = action.run(order)
    except Refused as reason:
        logger.info("ops.refused", extra={**facts, "reason": str(reason)})
        raise
    logger.warning("ops.acted", extra=facts)
    _note(action, order, said)
    return said


def _note(action: Action, order: Order, said: str) -> None:
    """Who did it stays in the admin's history, longer than any log."""
    try:
        LogEntry.objects.create(
            user_id=order.by_id,
            action_time=order.now,
            object_id=order.target[:200],
            object_repr=action.name,
            action_flag=CHANGE,
            change_message=said,
        )
    except DatabaseError:
        # It is done, and the log has it.
        logger.exception("ops.unnoted", extra={"action": action.name})
