"""Running in the foreground below `make`: who gets Ctrl-C, and what to do when make is told to stop.

GNU make answers a signal by waiting for its children and then dying of that signal: Ctrl-C would end a demo that closed in
order with an error. So the demo takes the terminal's Ctrl-C for itself; make then sees a child that ended well. A signal sent
to make alone is not passed on by it (but for SIGTERM), so the demo looks whether its make is waiting in a signal handler.
"""

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

POLL_SECONDS: Final = 0.3
STOPPING: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Foreground:
    """Holds the terminal's foreground for this process while the demo runs; a no-op outside make or a terminal."""

    def __init__(self) -> None:
        self._terminal: int | None = None
        self._maker = os.getppid() if "MAKELEVEL" in os.environ else None

    def take(self) -> None:
        """Become the process group that the terminal's Ctrl-C goes to."""
        if self._maker is None or not os.isatty(0) or os.tcgetpgrp(0) != os.getpgrp():
            return
        # Suspending would stop this group but not make's shell: nobody could wake it again.
        signal.signal(signal.SIGTSTP, signal.SIG_IGN)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        self._terminal = os.getpgrp()
        os.setpgid(0, 0)
        os.tcsetpgrp(0, os.getpgrp())

    def give_back(self) -> None:
        """Give the terminal back to make's group."""
        if self._terminal is not None:
            os.tcsetpgrp(0, self._terminal)
            self._terminal = None

    def follow_maker(self, stop: Callable[[], None]) -> None:
        """Call `stop` once from a thread when make has died or has been told to stop."""
        if self._maker is not None:
            threading.Thread(target=_follow, args=(self._maker, stop), name="follow-make", daemon=True).start()


def _follow(maker: int, stop: Callable[[], None]) -> None:
    while os.getppid() == maker and not is_in_handler(maker):
        time.sleep(POLL_SECONDS)
    stop()


def is_in_handler(pid: int) -> bool:
    """Whether a process blocks a stopping signal right now, as it does while it handles one; False where unknown."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    blocked = next((int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigBlk:")), 0)
    return any(blocked & (1 << (number - 1)) for number in STOPPING)
