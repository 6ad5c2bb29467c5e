"""Keeps a set of processes running: names the one that died, starts it again, gives up on one that will not live."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, Protocol

from config.embedded.errors import EmbeddedError
from config.embedded.process import Command, ServerProcess, stop_all

POLL_SECONDS: Final = 0.3
# A process that died this often within the window is broken, not unlucky.
DEATHS_ALLOWED: Final = 3
DEATH_WINDOW_SECONDS: Final = 60.0


class Holder(Protocol):
    """Whoever keeps a process; a restart puts the new one in its place."""

    process: ServerProcess


@dataclass
class Program:
    """A plain program to keep running."""

    command: Command
    process: ServerProcess = field(init=False)

    def __post_init__(self) -> None:
        self.process = ServerProcess(self.command)


@dataclass
class Supervisor:
    """Watches holders; `say` gets one text per event. Later groups depend on earlier ones and are stopped first."""

    say: Callable[[str], None]
    essential: frozenset[str]
    # These end when their work is done.
    finite: frozenset[str] = frozenset()
    groups: list[list[Holder]] = field(default_factory=list)
    _deaths: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    _given_up: set[str] = field(default_factory=set)

    def add(self, holders: Iterable[Holder]) -> None:
        """Watch these too; they will be stopped before everything added earlier."""
        self.groups.append(list(holders))

    def watch(self) -> None:
        """Watch for ever; raises EmbeddedError when a process the demo cannot do without will not live."""
        while True:
            for group in self.groups:
                for holder in group:
                    self.look_after(holder)
            time.sleep(POLL_SECONDS)

    def look_after(self, holder: Holder) -> None:
        """Start the holder's process again if it died, unless it keeps dying."""
        name = holder.process.command.name
        status = holder.process.poll()
        if status is None or name in self._given_up:
            return
        if status == 0 and name in self.finite:
            self._given_up.add(name)
            holder.process.join()
            self.say(f"{name} is done")
            return
        last_lines = holder.process.tail()
        now = time.monotonic()
        self._deaths[name] = [at for at in self._deaths[name] if at > now - DEATH_WINDOW_SECONDS] + [now]
        report = f"{name} ended with {describe(status)}; the last lines of {holder.process.command.log}:\n{indent(last_lines)}"
        holder.process.join()
        if len(self._deaths[name]) <= DEATHS_ALLOWED:
            self.say(f"{report}\n{name} is started again.")
            holder.process = ServerProcess(holder.process.command)
            return
        self._given_up.add(name)
        self.say(f"{report}\n{name} died {len(self._deaths[name])} times in a minute and stays down.")
        if name in self.essential:
            raise EmbeddedError(f"{name} does not stay up: see {holder.process.command.log}")

    def stop(self) -> None:
        """Stop everything, the last group first."""
        for group in reversed(self.groups):
            stop_all(holder.process for holder in group)

    def force(self) -> None:
        """Ask everything again: a second request ends it at once."""
        for group in self.groups:
            for holder in group:
                holder.process.ask_to_stop()
                holder.process.ask_to_stop()


def describe(status: int) -> str:
    """Return an exit status in words: 128 + n is signal n."""
    return f"signal {status - 128}" if status > 128 else f"status {status}"


def indent(text: str) -> str:
    """Return the text with a margin, to set a log off from our own words."""
    return "\n".join(f"    {line}" for line in text.splitlines())
