"""What a web worker does beside answering: it obeys its launcher alone, runs the background jobs, and closes in order."""

import logging
import os
import signal
import threading
import time
from multiprocessing import util
from pathlib import Path
from typing import Final

from django.db import connections

from monitoring import background
from monitoring.database import standby
from monitoring.health import postgres
from monitoring.requests import shutdown
from monitoring.requests.drain import VARIABLE

logger = logging.getLogger(__name__)

# Seconds: how often a worker looks for its launcher, how long its requests get when that is gone, and what the last
# writing down may take.
LOOK: Final = 1.0
ORPHAN_PATIENCE: Final = 8.0
FINISH_PATIENCE: Final = 1.0
_SIGNALS: Final = frozenset({signal.SIGTERM, signal.SIGINT})


def begin() -> None:
    """Called once in each web process, when Django is set up."""
    path = os.environ.get(VARIABLE)
    if path:
        shutdown.share(Path(path))
        _obey_launcher()
    background.start()
    # Runs when the process ends by itself, in granian's forked workers too, where atexit does not.
    util.Finalize(None, finish, exitpriority=1)


def finish() -> None:
    """Writes down what is left, then closes the pools: requests in flight are over by now."""
    background.finish(FINISH_PATIENCE)
    for connection in connections.all():
        connection.close()
        if close_pool := getattr(connection, "close_pool", None):
            close_pool()
    postgres.hang_up()
    standby.hang_up()


def _obey_launcher() -> None:
    # Blocked here, before the server starts its threads, the signals wait for our own thread in all of them.
    if not hasattr(signal, "sigtimedwait"):
        return
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    threading.Thread(target=_listen, args=(os.getppid(),), name="launcher", daemon=True).start()


def _listen(launcher: int) -> None:
    """Leaves when the launcher says so or is gone; a signal to a whole group reaches the launcher as well."""
    stray = False
    while True:
        received = signal.sigtimedwait(_SIGNALS, LOOK)
        if received is not None and received.si_pid == launcher:
            _leave()
            return
        if stray and not shutdown.draining():
            # Whoever means one worker alone must not wait for something that never happens.
            logger.warning("web.signal_unheeded", extra={"pid": launcher, "reason": "only this process is obeyed"})
        stray = received is not None
        if os.getppid() != launcher:
            logger.error("web.orphaned")
            _leave()
            time.sleep(ORPHAN_PATIENCE)
            os._exit(1)


def _leave() -> None:
    """What the server has installed for SIGTERM: it finishes the requests in flight and lets the process end."""
    handler = signal.getsignal(signal.SIGTERM)
    if callable(handler):
        handler(signal.SIGTERM, None)
    else:
        os._exit(0)
