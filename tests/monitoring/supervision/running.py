"""Real processes for the tests of what starts, watches and stops them."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

import psutil
from django.db import connection

Found = TypeVar("Found")

PATIENCE = 30.0
STOP_SECONDS = 10.0


def until(condition: Callable[[], Found | None], what: str, patience: float = PATIENCE) -> Found:
    """Wait until the condition holds, and return it; fail with ``what`` was awaited."""
    deadline = time.monotonic() + patience
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited {patience:g} s for {what}"
        time.sleep(0.02)
    return found


def database_url() -> str:
    """The test's own database, for processes beside it."""
    settings = connection.settings_dict
    address = f"{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT'] or 5432}"
    return f"postgres://{address}/{settings['NAME']}"


class Program:
    """One program of ours in a session of its own; whatever it started ends with the block."""

    def __init__(self, argv: Sequence[str], log: Path, **environ: str) -> None:
        self.log = log
        with log.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, *argv],
                env=os.environ | {"DATABASE_URL": database_url(), "PYTHONUNBUFFERED": "1"} | environ,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.seen: set[int] = set()

    def family(self) -> list[psutil.Process]:
        """All living processes under it."""
        try:
            found: list[psutil.Process] = psutil.Process(self.process.pid).children(recursive=True)
        except psutil.NoSuchProcess:
            return []
        self.seen |= {process.pid for process in found}
        return found

    def child(self) -> psutil.Process | None:
        """Its first child, when it has one that runs the command and is no longer on its way to it."""
        for process in self.family():
            try:
                if process.ppid() == self.process.pid and "leash.py" not in " ".join(process.cmdline()):
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, float]:
        """Send the signal; the exit status and how long it took."""
        self.family()
        asked = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(timeout=3 * STOP_SECONDS)
        return status, time.monotonic() - asked

    def orphans(self) -> list[int]:
        """Whoever of its family still lives."""
        return [pid for pid in self.seen if psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.family()
        for pid in (self.process.pid, *self.seen):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()
