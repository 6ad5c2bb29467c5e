"""The test database through a real pool, in threads that answer requests as a web process does."""

import copy
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, connections

from config import databases

APPLICATION = "awning-pooled"


@contextmanager
def pooled(size: int) -> Iterator[None]:
    """Threads that begin inside share one pool; the thread of the test keeps its own connection."""
    before = connections.settings[DEFAULT_DB_ALIAS]
    changed = copy.deepcopy(before)
    changed |= {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    own = databases.pool() | {"min_size": 1, "max_size": size}
    changed["OPTIONS"] |= {"pool": own, "application_name": APPLICATION}
    connections.settings[DEFAULT_DB_ALIAS] = changed
    try:
        yield
    finally:
        in_thread(_close)
        connections.settings[DEFAULT_DB_ALIAS] = before


def _close() -> None:
    connections[DEFAULT_DB_ALIAS].close_pool()  # type: ignore[attr-defined]


def in_thread(work: Callable[[], object]) -> None:
    """Runs it in a thread with connections of its own, and waits for the end."""
    thread = start(work)
    thread.join(20)
    assert not thread.is_alive()


def start(work: Callable[[], object]) -> threading.Thread:
    """A thread that gives its connections back at its end."""

    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    return thread
