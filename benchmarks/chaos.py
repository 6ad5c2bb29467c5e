"""`make chaos`: the whole hall under load, while each thing it depends on is paused and killed in turn.

Nothing is restarted by anybody but the hall's own supervisors until the time is over. Prints a table, writes
results/chaos.json, and ends with `audit` on the database: exit 1 when an invariant is broken, an acknowledged order is
missing, or a figure misses its target. SECONDS_EACH (30) is how long each fault lasts, ONLY=substring picks faults ("redis-cache
paused"), SEED draws what the visitors do, CHECKOUTS is the least number of orders that the run must have placed.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

import httpx
import psutil
import psycopg

from benchmarks._shopper import Crowd, Hall, Log, Visit
from benchmarks.entries import Entry, at_least, at_most, p50
from config.embedded.demo import Demo, Progress
from config.embedded.logins import BUYER, PASSWORD
from config.embedded.ports import LOOPBACK, free_port
from config.embedded.process import ServerProcess
from config.embedded.supervisor import Holder

RESULTS: Final = Path(__file__).parent / "results" / "chaos.json"
Mode: TypeAlias = Literal["paused", "killed"]
# Seconds of quiet load before each fault, how long the hall has to recover after it, and how long it must then be well.
BEFORE: Final = 6.0
AFTER: Final = 40.0
WELL: Final = 8.0
# The crowd comes from one address.
LIMITS: Final = {
    **dict.fromkeys(
        ("RATE_LIMIT_DEFAULT", "RATE_LIMIT_ANONYMOUS", "RATE_LIMIT_BURST", "RATE_LIMIT_CHECKOUT"), "100000/minute"
    ),
    "RATE_LIMIT_CONCURRENT": "1000;1000",
}
# Without PostgreSQL nothing personal can be answered; it must be said at once.
ESSENTIAL: Final = "postgres"


@dataclass(frozen=True)
class Fault:
    """One thing that the hall depends on, and what happens to it."""

    name: str
    mode: Mode

    def __str__(self) -> str:
        return f"{self.name} {self.mode}"


@dataclass(frozen=True)
class Outcome:
    """What the crowd saw of a fault; times in seconds, shares of all requests."""

    fault: Fault
    requests: int
    well: float
    answered: float
    browse_well: float
    p50: float
    p99: float
    before_p99: float
    recovery: float


class Chaos:
    """One run on a demo of its own."""

    def __init__(self, home: Path, *, seconds: float, seed: int) -> None:
        self.seconds, self.seed = seconds, seed
        self.demo = Demo(home, free_port(), Progress())
        self.base = f"http://{LOOPBACK}:{self.demo.port}"
        self.log = Log()

    def run(self, only: str) -> list[Outcome]:
        """Opens the hall, lets the crowd in, and does one fault after the other."""
        self.demo.open(programs=True)
        with Crowd(self.hall(), self.log, seed=self.seed):
            time.sleep(BEFORE)
            return [self.suffer(fault) for fault in self.faults() if only in str(fault)]

    def hall(self) -> Hall:
        """What the visitors know."""
        urls = httpx.get(f"{self.base}/sitemap-1.xml", timeout=10).text
        products = tuple(f"/p/{part.split('/')[0]}/" for part in urls.split("/p/")[1:60])
        shelves = tuple(f"/c/{part.split('/')[0]}/" for part in httpx.get(self.base).text.split('href="/c/')[1:9])
        variables = self.demo.variables
        return Hall(
            base=self.base,
            products=products,
            shelves=shelves,
            login=(BUYER.email, PASSWORD),
            provider=variables["STRIPE_API_BASE"],
            provider_key=variables["STRIPE_SECRET_KEY"],
        )

    def faults(self) -> Iterator[Fault]:
        """Everything but the web process, which has tests of its own."""
        modes: tuple[Mode, ...] = ("paused", "killed")
        for holder in self.holders():
            for mode in modes:
                yield Fault(holder.process.command.name, mode)

    def holders(self) -> list[Holder]:
        """What may be paused and killed, servers first."""
        found = [holder for group in self.demo.supervisor.groups for holder in group]
        return [holder for holder in found if holder.process.command.name not in ("web", "artist")]

    def suffer(self, fault: Fault) -> Outcome:
        """Does it, waits, undoes it, and waits for the hall."""
        holder = next(held for held in self.holders() if held.process.command.name == fault.name)
        quiet = time.monotonic()
        time.sleep(BEFORE)
        begun = time.monotonic()
        processes = family(holder)
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGSTOP if fault.mode == "paused" else signal.SIGKILL)
        time.sleep(self.seconds)
        ended = time.monotonic()
        if fault.mode == "paused":
            for process in reversed(processes):
                with suppress(psutil.NoSuchProcess):
                    process.send_signal(signal.SIGCONT)
        else:
            holder.process.join()
            holder.process = ServerProcess(holder.process.command)
        while time.monotonic() < ended + AFTER and self.unwell(since=max(ended, time.monotonic() - WELL)):
            time.sleep(0.5)
        outcome = self.judge(fault, quiet=quiet, begun=begun, ended=ended)
        line(outcome)
        return outcome

    def unwell(self, *, since: float) -> bool:
        """Whether the hall has not been well for long enough since then."""
        now = time.monotonic()
        return now - since < WELL or any(visit.outcome != "well" for visit in self.log.between(since, now))

    def judge(self, fault: Fault, *, quiet: float, begun: float, ended: float) -> Outcome:
        """The figures of one fault."""
        during, after = self.log.between(begun, ended), self.log.between(ended, ended + AFTER)
        bad = [visit.at for visit in after if visit.outcome != "well"]
        return Outcome(
            fault=fault,
            requests=len(during),
            well=share(during, "well"),
            answered=share(during, "well", "honest"),
            browse_well=share([visit for visit in during if visit.kind == "browse"], "well"),
            p50=p50([visit.seconds for visit in during]) if during else 0.0,
            p99=p99(during),
            before_p99=p99(self.log.between(quiet, begun)),
            recovery=max(bad) - ended if bad else 0.0,
        )

    def missing(self) -> list[str]:
        """Acknowledged orders that the database does not have."""
        numbers = sorted(set(self.log.orders))
        with psycopg.connect(self.demo.variables["DATABASE_URL"]) as connection:
            found = connection.execute("SELECT number FROM orders_ordergroup WHERE number = ANY(%s)", [numbers])
            return sorted(set(numbers) - {row[0] for row in found})

    def audit(self) -> str:
        """What `manage.py audit` says once everything is settled; "" when nothing is wrong."""
        deadline = time.monotonic() + 120.0
        while True:
            command = self.demo.command("audit", "manage.py", "audit", "--json", kind="command")
            process = ServerProcess(command)
            status = process.wait()
            if status == 0 or time.monotonic() > deadline:
                return "" if status == 0 else process.output()
            time.sleep(5.0)


def family(holder: Holder) -> list[psutil.Process]:
    """A server or program with all its processes; the parent first, so that it starts none anew."""
    first = psutil.Process(holder.process.pid)
    return [first, *first.children(recursive=True)]


def share(visits: list[Visit], *outcomes: str) -> float:
    """The share of these visits that ended so; 1 of none."""
    return sum(visit.outcome in outcomes for visit in visits) / len(visits) if visits else 1.0


def p99(visits: list[Visit]) -> float:
    """Seconds; 0 of none."""
    times = sorted(visit.seconds for visit in visits)
    return times[min(len(times) - 1, int(0.99 * len(times)))] if times else 0.0


def line(outcome: Outcome) -> None:
    """One row of the table."""
    print(
        f"{outcome.fault!s:<24} {outcome.requests:>6} requests  well {outcome.well:7.2%}  answered {outcome.answered:7.2%}"
        f"  browsing {outcome.browse_well:7.2%}  p50 {outcome.p50 * 1000:6.0f} ms  p99 {outcome.p99 * 1000:6.0f} ms"
        f" (before {outcome.before_p99 * 1000:.0f})  recovered after {outcome.recovery:.1f} s",
        flush=True,
    )


def entries(outcomes: list[Outcome]) -> dict[str, Entry]:
    """The figures with their targets."""
    found: dict[str, Entry] = {}
    for outcome in outcomes:
        name = f"chaos.{outcome.fault.name}.{outcome.fault.mode}"
        least = 0.95 if outcome.fault.name == ESSENTIAL else 0.99
        found[f"{name}.answered"] = at_least(outcome.answered, least, "of requests")
        if outcome.fault.name != ESSENTIAL:
            found[f"{name}.browsing"] = at_least(outcome.browse_well, 0.999, "of requests")
        found[f"{name}.p99"] = at_most(outcome.p99 * 1000, 5000.0, "ms", f"before: {outcome.before_p99 * 1000:.0f} ms")
        found[f"{name}.recovery"] = at_most(outcome.recovery, 10.0, "s")
    return found


def main() -> int:
    """Runs what was asked for; the exit status."""
    os.environ.update({name: value for name, value in LIMITS.items() if name not in os.environ})
    least = int(os.environ.get("CHECKOUTS", "20"))
    with tempfile.TemporaryDirectory(prefix="awning-chaos-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        chaos = Chaos(
            Path(home), seconds=float(os.environ.get("SECONDS_EACH", "30")), seed=int(os.environ.get("SEED", "1"))
        )
        try:
            outcomes = chaos.run(os.environ.get("ONLY", ""))
            missing, findings = chaos.missing(), chaos.audit()
        finally:
            chaos.demo.close()
    found = entries(outcomes)
    found["chaos.orders"] = at_least(len(set(chaos.log.orders)), least, "acknowledged", f"{chaos.log.paid} paid")
    found["chaos.orders_missing"] = at_most(len(missing), 0, "orders")
    found["chaos.audit_clean"] = at_least(0.0 if findings else 1.0, 1, "1 = clean")
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    for name, entry in found.items():
        print(f"{'ok  ' if entry['ok'] else 'MISS'} {name:<44} {entry['value']:>10.3f} {entry['unit']}")
    print(findings)
    return 0 if all(entry["ok"] for entry in found.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
