"""How full the machine is: memory, processor and disk, as shares of what this container may use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from time import monotonic

import psutil

from monitoring.metrics import collected, samples

CGROUP = Path("/sys/fs/cgroup")
# A limit above this is how version 1 says "none".
_NO_LIMIT = 1 << 60


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes; ``used`` leaves out what the kernel gives back when asked."""

    used: int
    limit: int

    @property
    def share(self) -> float:
        """0..1 of the limit."""
        return self.used / self.limit if self.limit else 0.0


def memory(cgroup: Path = CGROUP) -> Memory:
    """The container's memory when it has a limit, else the machine's."""
    for limit_file, used_file, cache in (
        ("memory.max", "memory.current", "inactive_file"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes", "total_inactive_file"),
    ):
        limit = _whole_number(cgroup / limit_file)
        used = _whole_number(cgroup / used_file)
        if limit is not None and used is not None and 0 < limit < _NO_LIMIT:
            reclaimable = _field((cgroup / used_file).parent / "memory.stat", cache)
            return Memory(used=max(0, used - reclaimable), limit=limit)
    machine = psutil.virtual_memory()
    return Memory(used=machine.total - machine.available, limit=machine.total)


class Processor:
    """The share of the processors in use since the last look: of the container's quota when it has one."""

    def __init__(self, cgroup: Path = CGROUP) -> None:
        self._cgroup = cgroup
        self._last: tuple[float, float] | None = None
        psutil.cpu_percent(interval=None)

    def share(self, *, at: float | None = None) -> float | None:
        """0..1, or None at the first look; ``at`` is a monotonic time in seconds."""
        cores = self._quota()
        if cores is None:
            return float(psutil.cpu_percent(interval=None)) / 100
        at = monotonic() if at is None else at
        used = _field(self._cgroup / "cpu.stat", "usage_usec") / 1_000_000
        last, self._last = self._last, (at, used)
        if last is None or at <= last[0]:
            return None
        return max(0.0, min(1.0, (used - last[1]) / (at - last[0]) / cores))

    def _quota(self) -> float | None:
        """How many cores may be used, e.g. 0.5; None without a limit."""
        try:
            quota, period = (self._cgroup / "cpu.max").read_text().split()
            return int(quota) / int(period)
        except (OSError, ValueError, ZeroDivisionError):
            return None


def disk_share(path: str) -> float:
    """0..1 of the disk under ``path``, as an ordinary user sees it."""
    return float(psutil.disk_usage(path).percent) / 100


_processor = Processor()
_disk = ["/"]


def register(disk: str) -> None:
    """Registers the gauges; ``disk`` is a folder on the disk that fills."""
    _disk[:] = [disk]
    for name, text, run in (
        ("memory_used_bytes", "Memory in use by this container or machine.", lambda: float(memory().used)),
        ("memory_limit_bytes", "Memory this container or machine may use.", lambda: float(memory().limit)),
        ("disk_free_bytes", "Free space on the disk of the hall's files.", lambda: float(psutil.disk_usage(disk).free)),
        ("disk_size_bytes", "Size of the disk of the hall's files.", lambda: float(psutil.disk_usage(disk).total)),
        ("cpu_load_ratio", "Runnable processes per processor, mean of a minute.", _load),
    ):
        collected.register(name, text, _single(run), source="machine")


def note(now: datetime) -> None:
    """The background job: notes the levels ``memory``, ``cpu`` and ``disk``."""
    samples.level("memory", memory().share)
    samples.level("disk", disk_share(_disk[0]))
    if (share := _processor.share()) is not None:
        samples.level("cpu", share)


def _load() -> float:
    return float(psutil.getloadavg()[0]) / (psutil.cpu_count() or 1)


def _single(run: Callable[[], float]) -> collected.Run:
    def rows() -> Sequence[collected.Row]:
        return [({}, run())]

    return rows


def _whole_number(path: Path) -> int | None:
    try:
        return int(path.read_text())
    except (OSError, ValueError):
        return None


def _field(path: Path, name: str) -> int:
    """One line of a file of names and numbers; 0 when it is not there."""
    try:
        lines = path.read_text().splitlines()
    except OSError:
        return 0
    found = [line.split() for line in lines if line.startswith(f"{name} ")]
    return int(found[0][1]) if found else 0
