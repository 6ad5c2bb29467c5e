"""What processes leave behind that have ended: levels that no longer hold, and counts that must not be lost."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from prometheus_client.metrics_core import Metric
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

# Files of dead processes that may lie about: with more of them every scrape would grow slower with every crash.
MOST_DEAD = 32
# The process that stands for all the dead; no process has this number.
_ANCESTOR = 0
_LOCK = "scrape.lock"

# The library says no types for these.
_mark_dead: Callable[[int, str], None] = mark_process_dead
_open: Callable[..., Any] = MmapedDict
_merge: Callable[..., list[Metric]] = MultiProcessCollector.merge


@contextmanager
def reading(shared: Path) -> Iterator[None]:
    """Nobody moves counts from file to file while these are read."""
    descriptor = os.open(shared / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def tidy(shared: Path) -> None:
    """Takes the levels of ended processes out of the sums, and gathers what they counted when there are many of them."""
    for pid in {_pid(file) for file in shared.glob("gauge_live*.db")}:
        if not _lives(pid):
            # Two scrapes at once find the same dead, and one of them is first.
            with suppress(FileNotFoundError):
                _mark_dead(pid, str(shared))
    for kind in ("counter", "histogram"):
        if len(_dead(shared, kind)) >= MOST_DEAD:
            _gather(shared, kind)


def _dead(shared: Path, kind: str) -> list[Path]:
    return [file for file in sorted(shared.glob(f"{kind}_*.db")) if _pid(file) != _ANCESTOR and not _lives(_pid(file))]


def _gather(shared: Path, kind: str) -> None:
    """Adds the files of the dead to their ancestor's. A reader sees all of the counts before or after, never twice."""
    descriptor = os.open(shared / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        ancestor, dead = shared / f"{kind}_{_ANCESTOR}.db", _dead(shared, kind)
        draft = shared / f"{kind}_{_ANCESTOR}.draft"
        draft.unlink(missing_ok=True)
        files = [str(file) for file in (ancestor, *dead) if file.exists()]
        merged = _open(str(draft))
        for metric in _merge(files, accumulate=False):
            for sample in metric.samples:
                labels = sample.labels
                key = mmap_key(metric.name, sample.name, list(labels), list(labels.values()), metric.documentation)
                merged.write_value(key, sample.value, 0.0)
        merged.close()
        draft.replace(ancestor)
        for file in dead:
            file.unlink(missing_ok=True)
    finally:
        os.close(descriptor)


def _pid(file: Path) -> int:
    text = file.stem.rpartition("_")[2]
    return int(text) if text.isdecimal() else _ANCESTOR


def _lives(pid: int) -> bool:
    if pid == _ANCESTOR:
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
