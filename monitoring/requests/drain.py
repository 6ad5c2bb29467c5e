"""The page of memory that a launcher shares with its workers while they leave. Standard library only: the launcher reads it."""

import fcntl
import mmap
import os
import threading
from collections.abc import Callable, Collection
from enum import IntEnum
from pathlib import Path
from typing import Final

# Names the shared page to the workers; set by the launcher, never by people.
VARIABLE: Final = "AWNING_SHUTDOWN_PAGE"

_SIZE: Final = 4096
# The page as numbers of four bytes: the state is the first byte, then come pairs of process id and count.
_NOBODYS: Final = 8
_HOLDERS: Final = range(16, _SIZE // 4, 2)


class State(IntEnum):
    """OPEN serves; UNREADY still serves, but asks to be left alone; REFUSING turns new requests away."""

    OPEN = 0
    UNREADY = 1
    REFUSING = 2


_STATES: Final = tuple(State)


class Page:
    """The shared page: written by the launcher, read by every worker; each worker writes its own slot only."""

    def __init__(self, path: Path | None = None) -> None:
        """Maps the file at ``path``, made and sized when it is new; without one, memory of this process alone."""
        self.path = path
        if path is None:
            self._bytes = mmap.mmap(-1, _SIZE)
        else:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                if os.fstat(descriptor).st_size < _SIZE:
                    os.ftruncate(descriptor, _SIZE)
                self._bytes = mmap.mmap(descriptor, _SIZE)
            finally:
                os.close(descriptor)
        self._lock = threading.Lock()
        self._numbers = memoryview(self._bytes).cast("i")
        # Until this process has a slot, it counts where nobody adds up.
        self._cell = _NOBODYS
        self._count = 0

    @property
    def state(self) -> State:
        return _STATES[self._bytes[0]]

    @state.setter
    def state(self, state: State) -> None:
        self._bytes[0] = state

    @property
    def refusing(self) -> bool:
        """The question of every request, without the detour over the enumeration."""
        return self._bytes[0] == State.REFUSING

    def join(self, alive: Callable[[int], bool]) -> None:
        """Takes a slot for this process: a free one, or that of a process that ``alive`` says is gone.

        With more workers than slots the last ones are not counted; their requests are finished all the same.
        """
        if self.path is None:
            return
        with self.path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            for holder in _HOLDERS:
                pid = self._numbers[holder]
                if pid in (0, os.getpid()) or not alive(pid):
                    self._numbers[holder + 1] = 0
                    self._numbers[holder] = os.getpid()
                    self._cell, self._count = holder + 1, 0
                    return

    def begin(self) -> None:
        """A request is being answered from now on."""
        with self._lock:
            self._count += 1
            self._numbers[self._cell] = self._count

    def end(self) -> None:
        """It is answered."""
        with self._lock:
            self._count -= 1
            self._numbers[self._cell] = self._count

    def in_flight(self, pids: Collection[int]) -> int:
        """Requests that the processes ``pids`` are answering at this moment."""
        return sum(self._numbers[holder + 1] for holder in _HOLDERS if self._numbers[holder] in pids)

    def remove(self) -> None:
        """Deletes the file; those who have mapped it keep their view."""
        if self.path is not None:
            self.path.unlink(missing_ok=True)
