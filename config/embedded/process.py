"""Child processes on a leash: they stop when asked, and when this program ends in whatever way."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from config.embedded.account import Account
from config.embedded.errors import EmbeddedError

GUARD: Final = Path(__file__).with_name("guard.py")
TAIL_LINES: Final = 12
# Beyond the sum of a server's own stop times: what the guard needs to end leftovers and itself.
GUARD_SECONDS: Final = 5.0


@dataclass(frozen=True)
class Command:
    """One server: what to run, where, and how to ask it to stop ((signal, seconds to wait), gentlest first)."""

    name: str
    argv: tuple[str, ...]
    directory: Path
    log: Path
    stops: tuple[tuple[signal.Signals, float], ...] = ((signal.SIGTERM, 5.0),)
    account: Account | None = None
    environ: Mapping[str, str] | None = field(default=None, repr=False)


class ServerProcess:
    """A running server. It ends with `stop()`, and with this program, however this program ends."""

    def __init__(self, command: Command) -> None:
        """Start it; raises EmbeddedError if it cannot be executed."""
        self.command = command
        command.log.parent.mkdir(parents=True, exist_ok=True)
        self._log_start = command.log.stat().st_size if command.log.exists() else 0
        with command.log.open("ab") as log:
            self._guard = subprocess.Popen(
                [sys.executable, "-I", "-S", str(GUARD), command.name],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=None if command.environ is None else dict(command.environ),
                start_new_session=True,
            )
        self.pid = self._launch()

    def _launch(self) -> int:
        """Hand the guard its launch and return the server's process id."""
        command = self.command
        launch = {
            "argv": list(command.argv),
            "directory": str(command.directory),
            "log": str(command.log),
            "parent": os.getpid(),
            "uid": command.account.uid if command.account else None,
            "gid": command.account.gid if command.account else None,
            "stops": [(int(number), seconds) for number, seconds in command.stops],
        }
        assert self._guard.stdin is not None  # noqa: S101 - both were asked for as pipes
        assert self._guard.stdout is not None  # noqa: S101 - as above
        self._guard.stdin.write(json.dumps(launch).encode() + b"\n")
        self._guard.stdin.flush()
        with self._guard.stdout as answer:
            line = answer.readline()
        report = json.loads(line or b"{}")
        if "pid" not in report:
            self.stop()
            raise EmbeddedError(f"{command.name} did not start: {report.get('error') or self.last_words()}")
        return int(report["pid"])

    @property
    def guard_pid(self) -> int:
        """The process id of the guard, for tests that kill it."""
        return self._guard.pid

    def poll(self) -> int | None:
        """Return the exit status (128 + n for signal n), or None while it runs."""
        return self._guard.poll()

    def ask_to_stop(self) -> None:
        """Ask without waiting; asking again forces."""
        if self._guard.stdin is None or self._guard.stdin.closed:
            return
        try:
            self._guard.stdin.write(b"s")
            self._guard.stdin.flush()
        except BrokenPipeError:
            return

    def stop(self) -> int:
        """Stop the server, wait for it and for everything it started; return its exit status."""
        self.ask_to_stop()
        return self.join()

    def join(self) -> int:
        """Wait for a server that was asked to stop; return its exit status."""
        try:
            return self._guard.wait(timeout=sum(seconds for _, seconds in self.command.stops) + GUARD_SECONDS)
        except subprocess.TimeoutExpired:
            self._guard.kill()
            return self._guard.wait()
        finally:
            self._close_leash()

    def wait(self) -> int:
        """Wait until it ends by itself, for commands that do; return its exit status."""
        status = self._guard.wait()
        self._close_leash()
        return status

    def _close_leash(self) -> None:
        if self._guard.stdin is not None:
            try:
                self._guard.stdin.close()
            except BrokenPipeError:
                return

    def output(self) -> str:
        """Return what it has written since this start."""
        with self.command.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def tail(self, lines: int = TAIL_LINES) -> str:
        """Return its last lines, for a message to people."""
        return "\n".join(self.output().strip().splitlines()[-lines:])

    def last_words(self) -> str:
        """Return its last lines as one, for an error that is one line."""
        return " | ".join(self.tail(3).splitlines()) or "it wrote nothing"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()


def stop_all(processes: Iterable[ServerProcess]) -> None:
    """Stop several at once: all are asked before the first is waited for."""
    asked = list(processes)
    for process in asked:
        process.ask_to_stop()
    for process in asked:
        process.join()
