"""The id of the request at hand: one word that its log lines, tasks, outgoing calls and error reports share.

Needs neither Django nor a request object: whoever answers before Django calls ``begin`` with the header's value.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from random import Random
from typing import Final

HEADER: Final = "X-Request-ID"
# CONTRACT: an inbound id is kept only if it looks like this.
_PLAIN = re.compile(r"[A-Za-z0-9-]{8,64}")

# Seeded by the system, in each process anew: an id tells requests apart, and nothing is opened by knowing one.
_dice = Random()  # noqa: S311
os.register_at_fork(after_in_child=_dice.seed)

_current: ContextVar[str] = ContextVar("request_id", default="")
# What every log line of the work at hand says beside the id: the task and its id, the sweep, the command.
_facts: ContextVar[Mapping[str, str]] = ContextVar("work", default={})  # noqa: B039 - never changed in place


def current() -> str:
    """The id of the request, task or command at hand; empty outside of one."""
    return _current.get()


def facts() -> Mapping[str, str]:
    """What was given to ``begin`` or ``within`` beside the id: the name of the task, the sweep or the command."""
    return _facts.get()


def is_plain(inbound: str | None) -> bool:
    """Whether an id from elsewhere may be kept: 8 to 64 ASCII letters, digits and hyphens."""
    return bool(inbound) and _PLAIN.fullmatch(inbound or "") is not None


def chosen(inbound: str | None) -> str:
    """The id of a request: the inbound one if it is well-formed, else a new one. Begins nothing."""
    return inbound if inbound and _PLAIN.fullmatch(inbound) else f"{_dice.getrandbits(128):032x}"


def begin(inbound: str | None = None, **facts: str) -> str:
    """Starts a request, task or command: keeps a well-formed inbound id, else makes one; returns it."""
    request_id = chosen(inbound)
    _current.set(request_id)
    _facts.set(facts)
    return request_id


def end() -> None:
    """Forgets the id: the next piece of work in this thread must not inherit it."""
    _current.set("")
    _facts.set({})


@contextmanager
def within(inbound: str | None = None, **facts: str) -> Iterator[str]:
    """Does a piece of work under an id of its own, or under the one it came from, and then returns to the present one.

    The facts add to those at hand.
    """
    request_id = chosen(inbound)
    outer = _current.set(request_id)
    outer_facts = _facts.set({**_facts.get(), **facts})
    try:
        yield request_id
    finally:
        _facts.reset(outer_facts)
        _current.reset(outer)


def outgoing() -> dict[str, str]:
    """The header that a call to somebody else carries; empty outside of a request, task or command."""
    request_id = _current.get()
    return {HEADER: request_id} if request_id else {}
