"""Refreshing beside the requests: at most two threads, a short queue, and connections that are closed after each job."""

import logging
import os
import threading
from collections import deque
from collections.abc import Callable

from django.db import connections

logger = logging.getLogger(__name__)

Work = Callable[[], None]
THREADS, WAITING = 2, 100


class Crew:
    """Threads that begin with work and end with it; after a fork there are none, and the next job begins one."""

    def __init__(self, *, threads: int = THREADS, waiting: int = WAITING) -> None:
        self._most, self._room = threads, waiting
        self._reset()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        self._queue: deque[Work] = deque()
        self._working = 0
        self._quiet = threading.Condition(self._lock)

    def submit(self, work: Work) -> bool:
        """Queues the job; False when too many wait already."""
        with self._lock:
            if len(self._queue) >= self._room:
                return False
            self._queue.append(work)
            if self._working >= self._most:
                return True
            self._working += 1
        threading.Thread(target=self._run, name="cache-refresh", daemon=True).start()
        return True

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._queue:
                    self._working -= 1
                    self._quiet.notify_all()
                    return
                work = self._queue.popleft()
            run(work)

    def wait(self, seconds: float) -> bool:
        """Whether everything was done within so many seconds."""
        with self._quiet:
            return self._quiet.wait_for(lambda: not self._working and not self._queue, seconds)

    def forget(self) -> None:
        """After a fork."""
        self._reset()


def run(work: Work) -> None:
    """One job; whatever it raises ends with it, and so does its connection to the database."""
    try:
        work()
    except Exception:
        logger.exception("cache.background_failed")
    finally:
        # A pooled connection that its thread does not give back is lost for good.
        connections.close_all()


crew = Crew()
os.register_at_fork(after_in_child=crew.forget)
