"""Starts one server and sees to it that the server never outlives the program that asked for it.

Runs as a process of its own, by path, with the standard library alone (`python -I -S guard.py NAME`): it must start in
milliseconds and must not share the fate of the program it guards against. The first line on standard input is the launch as
JSON; the rest of standard input is the leash: end of file, or a byte, means stop; a second byte means at once.

Why a process and not only Linux's parent-death signal: that signal follows the parent *thread*, and it can only be sent to a
child that has not changed its user since. This process has one thread, so its own child can safely carry the signal; the leash
and a look at the parent's id cover the program above, on every system.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypedDict

PR_SET_PDEATHSIG: Final = 1
PR_SET_CHILD_SUBREAPER: Final = 36
POLL_SECONDS: Final = 1.0
LEFTOVER_SECONDS: Final = 1.5
CANNOT_START: Final = 127


class Launch(TypedDict):
    """What to run; `stops` are (signal number, seconds to wait before the next), SIGKILL follows by itself."""

    argv: list[str]
    directory: str
    log: str
    parent: int
    uid: int | None
    gid: int | None
    stops: list[tuple[int, float]]


def prctl(option: int, value: int) -> None:
    """Call Linux's prctl; does nothing on other systems, where the leash alone has to do."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)


def read_launch(fd: int) -> Launch:
    """Read the first line unbuffered: what follows on the same descriptor is the leash."""
    line = bytearray()
    while not line.endswith(b"\n"):
        byte = os.read(fd, 1)
        if not byte:
            sys.exit(0)
        line += byte
    launch: Launch = json.loads(line)
    return launch


def die_with(parent: int, stop: int) -> Callable[[], None]:
    """Return what the child runs before exec: ask for `stop` when this process dies, and check that it still lives."""

    def ask() -> None:
        prctl(PR_SET_PDEATHSIG, stop)
        if os.getppid() != parent:
            os._exit(CANNOT_START)

    return ask


class Guard:
    """Owns the one child; every wait is bounded."""

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self.leash: int | None = 0
        self.stop_requests = 0
        self.status: int | None = None
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_read, False)
        os.set_blocking(self.wake_write, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(name, self.on_signal)
        prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.child = self.start()

    def on_signal(self, *_: object) -> None:
        """A signal to the guard is a request to stop; the second one forces."""
        self.stop_requests += 1

    def start(self) -> int:
        """Start the server in its own process group and return its process id."""
        launch = self.launch
        first_stop = launch["stops"][0][0] if launch["stops"] else signal.SIGKILL
        with Path(launch["log"]).open("ab") as log:
            child = subprocess.Popen(
                launch["argv"],
                cwd=launch["directory"],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=launch["uid"],
                group=launch["gid"],
                extra_groups=None if launch["uid"] is None else [],
                process_group=0,
                preexec_fn=die_with(os.getpid(), first_stop),  # noqa: PLW1509 - this process has one thread
            )
        child.returncode = 0  # reaped below, together with its orphans
        return child.pid

    def reap(self) -> None:
        """Collect every dead child, ours and orphans handed to us, and note how the server ended."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid, status = 0, 0
            if pid == 0:
                return
            if pid == self.child:
                code = os.waitstatus_to_exitcode(status)
                self.status = code if code >= 0 else 128 - code

    def wait(self, seconds: float) -> None:
        """Sleep until a child died, a signal came, the leash moved, or `seconds` passed."""
        watched = [self.wake_read] if self.leash is None else [self.wake_read, self.leash]
        ready, _, _ = select.select(watched, [], [], max(0.0, seconds))
        if self.wake_read in ready:
            os.read(self.wake_read, 4096)
        if self.leash is not None and self.leash in ready:
            if os.read(self.leash, 1):
                self.stop_requests += 1
            else:
                self.leash = None
                self.stop_requests = max(self.stop_requests, 1)
        self.reap()

    def watch(self) -> None:
        """Return when the server ended, or when it has to."""
        while self.status is None and not self.stop_requests and os.getppid() == self.launch["parent"]:
            self.wait(POLL_SECONDS)

    def stop(self) -> None:
        """Ask with each signal in turn; a second request skips the waiting. What is left then is forced by `end_all`."""
        asked = self.stop_requests
        for number, seconds in self.launch["stops"]:
            if self.status is not None:
                return
            self.send(number)
            deadline = time.monotonic() + seconds
            while self.status is None and self.stop_requests <= max(asked, 1) and time.monotonic() < deadline:
                self.wait(deadline - time.monotonic())

    def send(self, number: int) -> None:
        """Signal the server; it may be gone already."""
        try:
            os.kill(self.child, number)
        except ProcessLookupError:
            self.reap()

    def leftovers(self) -> list[int]:
        """Return our children: the server, and its orphans, which became ours because this process is a subreaper."""
        listing = Path(f"/proc/self/task/{os.getpid()}/children")
        if listing.exists():
            return [int(pid) for pid in listing.read_text().split()]
        try:
            os.killpg(self.child, 0)
        except (ProcessLookupError, PermissionError):
            return []
        return [-self.child]

    def end_all(self) -> None:
        """End what is left: the server itself at once, because it was asked; what it left behind after a moment."""
        deadline = time.monotonic() + (LEFTOVER_SECONDS if self.status is not None else 0.0)
        while self.leftovers() and time.monotonic() < deadline:
            self.wait(0.05)
        while (left := self.leftovers()) and time.monotonic() < deadline + POLL_SECONDS:
            for pid in left:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
            self.wait(0.05)


def main() -> int:
    """Run the launch read from standard input; exit with the server's own status."""
    launch = read_launch(0)
    try:
        guard = Guard(launch)
    except (OSError, subprocess.SubprocessError) as error:
        print(json.dumps({"error": str(error)}), flush=True)
        return CANNOT_START
    print(json.dumps({"pid": guard.child}), flush=True)
    os.dup2(2, 1)
    guard.watch()
    guard.stop()
    guard.end_all()
    return CANNOT_START if guard.status is None else guard.status


if __name__ == "__main__":
    sys.exit(main())
