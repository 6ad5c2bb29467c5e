"""A server's data directory: one owner at a time, and what a killed owner left running in it."""

import fcntl
import os
import signal
import time
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from config.embedded.errors import EmbeddedError

END_SECONDS: Final = 5.0


class DirectoryLock:
    """Says that this program owns a directory; the system releases it when the program ends, also by kill -9."""

    def __init__(self, directory: Path, *, remedy: str) -> None:
        """Take the lock; raises EmbeddedError naming the owner when another program has it."""
        self.path = directory / "owner.lock"
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+")
        except OSError as error:
            raise EmbeddedError(
                f"cannot write {self.path} ({error.strerror}): choose another folder, or change its permissions"
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            owner = self._file.read().strip()
            self._file.close()
            raise EmbeddedError(f"{directory} is in use by process {owner or 'unknown'}; {remedy}") from None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Let the directory go."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.release()


def survivors(directory: Path, program: str) -> list[int]:
    """Return the processes of `program` whose working directory this is; empty where the system has no /proc."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == directory and _program(process) == program:
                found.append(int(process.name))
        except OSError:
            continue
    return found


def _program(process: Path) -> str:
    """Return the name of the file a process executes, also if that file was replaced since."""
    return (process / "exe").readlink().name.removesuffix(" (deleted)")


def end_survivors(directory: Path, program: str, first: signal.Signals) -> list[int]:
    """End what a killed owner left running, gently and then not; return which processes there were.

    Call it only with the directory's lock held: then nobody alive owns them.
    """
    found = survivors(directory, program)
    deadline = time.monotonic() + END_SECONDS
    _send(found, first)
    while (left := survivors(directory, program)) and time.monotonic() < deadline:
        time.sleep(0.05)
    while left and time.monotonic() < deadline + END_SECONDS:
        _send(left, signal.SIGKILL)
        time.sleep(0.05)
        left = survivors(directory, program)
    if left:
        pids = ", ".join(map(str, left))
        raise EmbeddedError(f"an earlier {program} (process {pids}) still uses {directory}; end it, then start again")
    return found


def _send(pids: list[int], number: signal.Signals) -> None:
    for pid in pids:
        try:
            os.kill(pid, number)
            os.kill(pid, signal.SIGCONT)  # a stopped process would not hear anything else
        except ProcessLookupError:
            continue
        except PermissionError as error:
            raise EmbeddedError(
                f"process {pid} is left from an earlier run by another user; end it, then start again"
            ) from error
