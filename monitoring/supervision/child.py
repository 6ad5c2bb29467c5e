"""One run of the supervised command, in a process group of its own."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from monitoring.supervision import identity

LEASH: Final = Path(__file__).with_name("leash.py")


class Child:
    """Started with the name that its signs of life carry."""

    def __init__(self, command: Sequence[str], *, instance: str) -> None:
        self.started = datetime.now(UTC)
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(LEASH), str(os.getpid()), *command],
            env=os.environ | {identity.VARIABLE: instance},
            process_group=0,
        )
        self.pid = self._process.pid
        self._gone = False

    def status(self) -> int | None:
        """The exit status, 128 + n for signal n; None while it runs. What a dead one has left behind is ended at once."""
        code = self._process.poll()
        if code is None:
            return None
        self._group(signal.SIGKILL)
        # From now on the number may belong to somebody else.
        self._gone = True
        return code if code >= 0 else 128 - code

    def send(self, number: int) -> None:
        """Passes a signal on; it may be gone already."""
        if self._process.poll() is None:
            self._process.send_signal(number)

    def ask(self) -> None:
        """Asks it to stop; one that is stopped is woken, so that it can hand its work back."""
        self.send(signal.SIGTERM)
        self._group(signal.SIGCONT)

    def kill(self) -> None:
        """Ends it and whatever is left of its group."""
        self._group(signal.SIGKILL)
        self._process.wait()
        self.status()

    def _group(self, number: int) -> None:
        if self._gone:
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)
