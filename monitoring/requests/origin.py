"""Where the work at hand comes from: the route of the page, the task or the sweep that error reports and slow queries name."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from celery import signals
from django.http import HttpRequest
from django.http.response import HttpResponseBase


@dataclass(frozen=True, slots=True)
class Origin:
    """``name`` is a route, ``task:…``, ``sweep:…`` or ``command:…``, never an address; ``user`` a primary key as text."""

    name: str = ""
    user: str = ""


_current: ContextVar[HttpRequest | Origin | None] = ContextVar("origin", default=None)


def middleware(get_response: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    """Remembers the request while it is being answered."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        token = _current.set(request)
        try:
            return get_response(request)
        finally:
            _current.reset(token)

    return answer


@contextmanager
def named(name: str) -> Iterator[None]:
    """Says what the code inside works for, such as ``sweep:core.outbox``."""
    token = _current.set(Origin(name))
    try:
        yield
    finally:
        _current.reset(token)


def current() -> Origin:
    """The origin of the work at hand; empty where nobody said."""
    found = _current.get()
    if isinstance(found, HttpRequest):
        return of_request(found)
    return found or Origin()


def request() -> HttpRequest | None:
    """The request that is being answered; None in tasks, sweeps, commands and background jobs."""
    found = _current.get()
    return found if isinstance(found, HttpRequest) else None


def of_request(request: HttpRequest) -> Origin:
    """The route that the request was resolved to, and who is signed in as far as that is known already.

    It reads nothing from session or database: it is asked in the middle of failures.
    """
    match = getattr(request, "resolver_match", None)
    user = getattr(request, "_cached_user", None)
    key = getattr(user, "pk", None)
    return Origin(name=f"/{match.route}" if match is not None else "unmatched", user="" if key is None else str(key))


def follow_tasks() -> None:
    """From now on a Celery task is the origin of what it does. Calling it again changes nothing."""
    signals.task_prerun.connect(_task_begins, weak=False, dispatch_uid="origin.begins")
    signals.task_postrun.connect(_task_ends, weak=False, dispatch_uid="origin.ends")


def _task_begins(task: object = None, **kwargs: object) -> None:
    _current.set(Origin(f"task:{getattr(task, 'name', '')}"))


def _task_ends(**kwargs: object) -> None:
    _current.set(None)
