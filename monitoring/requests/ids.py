"""The id of the request at hand: one word that its log lines, tasks, outgoing calls and error reports share."""

import re
from contextvars import ContextVar
from uuid import uuid4

# CONTRACT: an inbound id is kept only if it looks like this.
_PLAIN = re.compile(r"[A-Za-z0-9-]{8,64}")

_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The id of the request, task or command at hand; empty outside of one."""
    return _current.get()


def begin(inbound: str | None = None) -> str:
    """Starts a request, task or command: keeps a well-formed inbound id, else makes one; returns it."""
    request_id = inbound if inbound and _PLAIN.fullmatch(inbound) else uuid4().hex
    _current.set(request_id)
    return request_id


def end() -> None:
    """Forgets the id: the next piece of work in this thread must not inherit it."""
    _current.set("")
