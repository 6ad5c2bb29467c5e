"""Checks that ask a server: all at once, each bounded in time, so that a hung one delays nobody."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias

from django.core.checks import CheckMessage, register

from monitoring.preflight.findings import TAG, error
from monitoring.preflight.mask import said_by

TIMEOUT = 2.0
# The end of the id of a probe that did not answer in time.
SILENT = ".silent"
Run: TypeAlias = Callable[[], Iterable[CheckMessage]]


@dataclass(frozen=True, slots=True)
class Probe:
    """``variable`` is what leads to the server. ``online`` ones call other people's services: only when asked to."""

    name: str
    variable: str
    run: Run
    timeout: float = TIMEOUT
    online: bool = False


_probes: dict[str, Probe] = {}


def add(probe: Probe) -> None:
    """Registers a probe; a second one of the same name takes its place."""
    _probes[probe.name] = probe


def probes(*, online: bool = False) -> list[Probe]:
    """The registered probes, by name."""
    return [probe for _, probe in sorted(_probes.items()) if online or not probe.online]


def run_all(chosen: Iterable[Probe]) -> list[CheckMessage]:
    """What they find, in their order. Takes no longer than the longest time-out, whatever hangs."""
    started = time.monotonic()
    running = [_Running(probe) for probe in chosen]
    found: list[CheckMessage] = []
    for one in running:
        found += one.result(until=started + one.probe.timeout)
    return found


class _Running:
    """One probe in its own thread: a daemon, as a thread that hangs in a library cannot be ended."""

    def __init__(self, probe: Probe) -> None:
        self.probe = probe
        self._found: list[CheckMessage] | None = None
        self._done = threading.Event()
        threading.Thread(target=self._work, name=f"preflight:{probe.name}", daemon=True).start()

    def _work(self) -> None:
        # Not at the top: this module is read before Django's apps are.
        from django.db import connections

        try:
            self._found = list(self.probe.run())
        except Exception as failure:  # noqa: BLE001 - whatever a library raises is the finding
            self._found = [_failed(self.probe, failure)]
        finally:
            self._done.set()
            connections.close_all()

    def result(self, *, until: float) -> list[CheckMessage]:
        if self._done.wait(max(0.0, until - time.monotonic())) and self._found is not None:
            return self._found
        return [
            error(
                f"{self.probe.name}{SILENT}",
                self.probe.variable,
                f"did not answer within {self.probe.timeout:g} s.",
                hint="Look whether the server runs, and whether this machine may reach it (address, port, firewall).",
            )
        ]


def _failed(probe: Probe, failure: Exception) -> CheckMessage:
    return error(
        f"{probe.name}.failed",
        probe.variable,
        f"cannot be used: {said_by(failure)}.",
        hint="Mend what the message names, then run the preflight again.",
    )


@register(TAG, deploy=True)
def ask_servers(*, databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """As Django's own database checks do, these run only when databases are named."""
    return run_all(probes()) if databases else []
