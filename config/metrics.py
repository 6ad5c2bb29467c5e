"""Where a process keeps what it counts for Prometheus, and who may read it.

``prepare`` must run before anything imports prometheus_client, which looks for its directory only then; so this module
imports neither Django nor the rooms.
"""

import atexit
import fcntl
import logging
import os
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.env import flag, number, refuse, text

logger = logging.getLogger(__name__)

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
_PREFIX = "awning-metrics-"
_LOCK = "lock"
# Open for as long as this process lives: who cannot take the lock knows that the directory is in use.
_held: list[int] = []


def prepare(kind: str) -> dict[str, str]:
    """The environment in which this process and its children count into one directory: fresh, private, in memory if any.

    Call it first in every entry point, the launcher of several processes included: children find the variable set and
    share it. Nothing for a command, which nobody scrapes, and for a process that has begun to count without a directory.
    """
    given = text("PROMETHEUS_MULTIPROC_DIR", "")
    begun = "prometheus_client" in sys.modules
    if kind == "command":
        if not begun:
            os.environ.pop(VARIABLE, None)
        return {}
    if given:
        Path(given).mkdir(mode=0o700, parents=True, exist_ok=True)
        return {VARIABLE: given}
    if begun:
        logger.warning("metrics.unprepared")
        return {}
    base = _base()
    _remove_abandoned(base)
    made = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{kind}-", dir=base))
    _hold(made)
    return {VARIABLE: str(made)}


def _base() -> Path:
    """Memory before disk: a full disk ends a process that writes into a mapped file."""
    shared = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a private directory with a new name in it
    return shared if os.access(shared, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def _hold(directory: Path) -> None:
    descriptor = os.open(directory / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    _held.append(descriptor)
    owner = os.getpid()

    def remove() -> None:
        # A forked child leaves it to its parent, as others still count in it.
        if os.getpid() == owner:
            shutil.rmtree(directory, ignore_errors=True)

    atexit.register(remove)


def _remove_abandoned(base: Path) -> None:
    """What killed processes have left behind: directories of ours whose lock nobody holds."""
    for found in base.glob(f"{_PREFIX}*"):
        try:
            if found.is_symlink() or found.stat().st_uid != os.getuid():
                continue
            descriptor = os.open(found / _LOCK, os.O_RDWR | os.O_NOFOLLOW)
        except OSError:
            continue
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(found, ignore_errors=True)
        except OSError:
            continue
        finally:
            os.close(descriptor)


@dataclass(frozen=True, slots=True)
class Metrics:
    """``port`` is where processes without web pages serve their figures; 0: nowhere."""

    token: str
    is_open: bool
    port: int


def metrics(*, production: bool) -> Metrics:
    """Who may read the figures; a public hall that is asked to show them to everybody does not start."""
    is_open = flag("METRICS_OPEN", False)
    if is_open and production:
        refuse("METRICS_OPEN", "shows /metrics to everybody, which is for the demo. Set METRICS_TOKEN instead.")
    return Metrics(token=text("METRICS_TOKEN", ""), is_open=is_open, port=number("METRICS_PORT", 0))
