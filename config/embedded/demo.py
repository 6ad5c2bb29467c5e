"""`python -m config.embedded.demo`: the whole hall on this machine, from an empty folder to an open page. `make demo` runs it."""

import hashlib
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Final

from config.embedded.account import remove_directory
from config.embedded.directory import DirectoryLock
from config.embedded.environment import ENVIRONMENT_FILE, SECRETS_FILE, load_secrets, write_environment
from config.embedded.errors import EmbeddedError
from config.embedded.foreground import Foreground
from config.embedded.logins import LOGINS, PASSWORD
from config.embedded.ports import LOOPBACK, require_free
from config.embedded.process import Command, ServerProcess
from config.embedded.rates_server import RatesServer
from config.embedded.run import demo_home
from config.embedded.servers import Servers, ServersPlan
from config.embedded.stripe import StripePlan, StripeServer
from config.embedded.supervisor import Program, Supervisor, describe, indent
from config.metrics import prepare
from config.timetable import QUEUES

PROJECT: Final = Path(__file__).resolve().parents[2]
PORT: Final = 8000
# Everything the demo keeps; RESET removes these and nothing else, whatever folder DEMO_HOME names.
KEPT: Final = (
    *("redis-cache", "redis-broker", "stripe", "logs", "mail", "media", "private-media", "static", "beat"),
    *(SECRETS_FILE, ENVIRONMENT_FILE, "static.stamp"),
)
FIRST_PAGE_SECONDS: Final = 60.0
# One Ctrl-C may arrive more than once: from the terminal, passed on by make, and because make is seen to stop.
ONE_REQUEST_SECONDS: Final = 1.5
# Stops of the programs and of the servers behind them must fit into 10 s together.
PROGRAM_VARIABLES: Final = {
    "PYTHONUNBUFFERED": "1",
    # A worker that is told to stop hands its tasks back within seconds instead of finishing them.
    "REMAP_SIGTERM": "SIGQUIT",
    "WEB_HOST": LOOPBACK,
    "WEB_WORKERS": str(min(2, os.cpu_count() or 1)),
    # No proxy has to notice that the demo stops.
    "DRAIN_DELAY": "0.1",
}
PROGRAM_STOPS: Final = ((signal.SIGTERM, 5.0), (signal.SIGQUIT, 0.5))


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: not an error, so nothing that catches errors may catch it."""


@dataclass
class Progress:
    """Prints each stage with the seconds since the start."""

    started: float = field(default_factory=time.monotonic)

    def say(self, text: str) -> None:
        """Print one event."""
        print(f"{time.monotonic() - self.started:6.1f} s  {text}", flush=True)


class Demo:
    """One run of the demo."""

    def __init__(self, home: Path, port: int, progress: Progress) -> None:
        """Take the folder; raises EmbeddedError when another demo has it."""
        self.home, self.port, self.progress = home, port, progress
        self.logs = home / "logs"
        self.variables: dict[str, str] = {}
        self.servers: Servers | None = None
        self.supervisor = Supervisor(
            say=progress.say, essential=frozenset({"web", "postgres"}), finite=frozenset({"artist"})
        )
        remedy = "stop that demo with Ctrl-C, or start this one elsewhere: make demo DEMO_HOME=.demo2 PORT=8001"
        self.lock = DirectoryLock(home, remedy=remedy)
        try:
            elsewhere = f"stop that program, or choose another: make demo PORT={port + 1}"
            require_free(port, purpose="Web", remedy=elsewhere)
        except EmbeddedError:
            self.lock.release()
            raise
        (home / ENVIRONMENT_FILE).unlink(missing_ok=True)

    def reset(self) -> None:
        """Remove what earlier runs kept."""
        remove_directory(self.home / "postgres")
        for name in KEPT:
            path = self.home / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        self.progress.say("earlier data removed")

    def open(self, *, programs: bool) -> None:
        """Bring everything up; without `programs` the servers alone, with their data."""
        fresh = not (self.home / "postgres").exists()
        self.progress.say(f"{'new data' if fresh else 'data of the last run'} in {self.home}")
        self.start_servers()
        static = self.collect_static() if programs else None
        self.manage("migrate", "migrate", "--no-input", "--verbosity", "1", title="database up to date")
        self.seed()
        if static is not None:
            self.finish(static, title="static files collected")
        if programs:
            self.supervisor.add(Program(command) for command in self.programs())
        write_environment(self.home, self.variables)
        if programs:
            self.wait_for_first_page()
        print(
            self.notice() if programs else f"\nServers are up; their addresses are in {self.home / ENVIRONMENT_FILE}",
            flush=True,
        )

    def start_servers(self) -> None:
        """Start PostgreSQL, Redis and the stand-ins for the providers, minus what the environment names; fill `variables`."""
        secrets = load_secrets(self.home)
        plan = ServersPlan(home=self.home, logs=self.logs, password=secrets["SERVERS_PASSWORD"], given=os.environ)
        self.servers = Servers(plan)
        self.supervisor.add(self.servers.running())
        self.variables = self.defaults(secrets) | self.servers.variables
        names = [server.process.command.name for server in self.servers.running()]
        names += [server.process.command.name for server in self.start_stand_ins(secrets)]
        self.progress.say(f"servers are up: {', '.join(names) or 'all given by the environment'}")

    def start_stand_ins(self, secrets: dict[str, str]) -> list[StripeServer | RatesServer]:
        """Start what stands in for the card and rate providers that the environment does not name."""
        started: list[StripeServer | RatesServer] = []
        if not (os.environ.get("STRIPE_SECRET_KEY") or os.environ.get("STRIPE_API_BASE")):
            stripe = StripeServer(
                StripePlan(
                    data=self.home / "stripe" / "stripe.json",
                    log=self.logs / "stripe.log",
                    webhook_url=f"http://{LOOPBACK}:{self.port}/webhooks/stripe/",
                    webhook_secret=secrets["STRIPE_WEBHOOK_SECRET"],
                )
            )
            started.append(stripe)
            self.supervisor.add([stripe])
            self.variables["STRIPE_API_BASE"] = stripe.url
        if not (os.environ.get("RATES_API_BASE") or os.environ.get("RATES_PROVIDERS")):
            rates = RatesServer(self.logs / "rates.log")
            started.append(rates)
            self.supervisor.add([rates])
            self.variables |= {"RATES_API_BASE": rates.url, "RATES_PROVIDERS": "coingecko"}
        return started

    def defaults(self, secrets: dict[str, str]) -> dict[str, str]:
        """Return the variables of the demo that the environment does not set itself."""
        address = f"http://{LOOPBACK}:{self.port}"
        made = {name: value for name, value in secrets.items() if name != "SERVERS_PASSWORD"} | {
            "PORT": str(self.port),
            "SITE_URL": address,
            "ALLOWED_HOSTS": f"{LOOPBACK},localhost",
            "METRICS_OPEN": "1",
            "MAIL_DIR": str(self.home / "mail"),
            "STATIC_DIR": str(self.home / "static"),
            "PUBLIC_MEDIA_URL": f"file://{self.home / 'media'}",
            "PRIVATE_MEDIA_URL": f"file://{self.home / 'private-media'}",
        }
        for folder in ("mail", "media", "private-media"):
            (self.home / folder).mkdir(exist_ok=True)
        return {name: value for name, value in made.items() if name == "PORT" or not os.environ.get(name)}

    def command(self, name: str, *argv: str, kind: str) -> Command:
        """Return a program of ours, run by this interpreter."""
        return Command(
            name=name,
            argv=(sys.executable, *argv),
            directory=PROJECT,
            log=self.logs / f"{name}.log",
            stops=PROGRAM_STOPS,
            environ=os.environ | self.variables | PROGRAM_VARIABLES | {"PROCESS_KIND": kind},
        )

    def programs(self) -> list[Command]:
        """Return what Procfile runs: web, worker, sweeper and beat."""
        # One folder for all: the page of the web process also shows what the worker has done.
        os.environ.update(prepare("demo"))
        celery = (sys.executable, "-m", "celery", "-A", "config.celery")
        # One process takes from all queues, the urgent ones first: a laptop needs no fleet.
        queues = ("--concurrency", "1", "--queues", ",".join(QUEUES))
        worker = ("worker", *queues, "--loglevel", "INFO", "--without-gossip", "--without-mingle")
        beat = ("beat", "--loglevel", "INFO", "--pidfile", "")
        supervise = ("manage.py", "supervise")
        return [
            self.command("web", "-m", "config.serve", kind="web"),
            self.command("worker", *supervise, "worker", "--", *celery, *worker, kind="worker"),
            self.command("sweep", "manage.py", "sweep", kind="worker"),
            self.command("beat", *supervise, "beat", "--", *celery, *beat, kind="worker"),
            self.command("artist", "-m", "config.embedded.seed.artist", kind="command"),
        ]

    def manage(self, name: str, *argv: str, title: str) -> None:
        """Run a management command to its end; raises EmbeddedError with its last lines when it fails."""
        self.finish(ServerProcess(self.command(name, "manage.py", *argv, kind="command")), title=title)

    def seed(self) -> None:
        """Fill an empty hall; a full one is left as it is."""
        seed = self.command("seed", "-m", "config.embedded.seed", kind="command")
        self.finish(ServerProcess(seed), title="demo goods in place", relay=True)

    def finish(self, process: ServerProcess, *, title: str, relay: bool = False) -> None:
        """Wait for a command that ends by itself; with `relay` its lines are shown as they come."""
        shown = 0
        with process:
            ended = False
            while not ended:
                ended = process.poll() is not None
                lines = process.output().splitlines() if relay else []
                # The last line may still be growing while the process runs.
                complete = lines if ended else lines[:-1]
                for line in complete[shown:]:
                    self.progress.say(f"  {line.rstrip()}")
                shown = len(complete)
                time.sleep(0.1)
        if status := process.poll():
            name, log = process.command.name, process.command.log
            said = "" if relay else f":\n{indent(process.tail())}"
            raise EmbeddedError(f"{name} ended with {describe(status)}; see {log}{said}")
        self.progress.say(title)

    def collect_static(self) -> ServerProcess | None:
        """Start collecting static files unless they are unchanged since the last time."""
        stamp = self.home / "static.stamp"
        if stamp.exists() and stamp.read_text() == static_fingerprint() and (self.home / "static").exists():
            return None
        stamp.write_text(static_fingerprint())
        shutil.rmtree(self.home / "static", ignore_errors=True)
        argv = ("manage.py", "collectstatic", "--no-input", "--verbosity", "0")
        return ServerProcess(self.command("collectstatic", *argv, kind="command"))

    def wait_for_first_page(self) -> None:
        """Ask for the home page until it answers; a broken page is said, and the hall stays up for a look at it."""
        deadline = time.monotonic() + FIRST_PAGE_SECONDS
        while (answer := page_status(f"http://{LOOPBACK}:{self.port}/")) is None:
            if time.monotonic() > deadline:
                raise EmbeddedError(f"no page within {FIRST_PAGE_SECONDS:.0f} s: see {self.logs / 'web.log'}")
            time.sleep(0.1)
        said = (
            "first page answered" if answer < 400 else f"the first page answered {answer}: see {self.logs / 'web.log'}"
        )
        self.progress.say(said)

    def notice(self) -> str:
        """Return the block that a reader of the terminal needs."""
        logins = "".join(f"  {login.role:<10}{login.email:<24}{PASSWORD}\n" for login in LOGINS)
        return (
            f"\n  Awning is open: http://{LOOPBACK}:{self.port}\n\n{logins}\n"
            f"  E-mails are files in {self.home / 'mail'}, logs in {self.logs}.\n"
            "  Ctrl-C stops everything and keeps the data; make demo RESET=1 starts afresh.\n"
        )

    def close(self) -> None:
        """Stop everything within 10 s and let the folder go."""
        self.supervisor.stop()
        if self.servers is not None:
            for server in self.servers.running():
                server.release()
        (self.home / ENVIRONMENT_FILE).unlink(missing_ok=True)
        self.lock.release()
        self.progress.say("everything is stopped; the data is kept")


def static_fingerprint() -> str:
    """Return what changes whenever the collected static files would."""
    sources = sorted(path for path in (PROJECT / "static").rglob("*") if path.is_file())
    parts = [f"{path}:{path.stat().st_size}:{path.stat().st_mtime_ns}" for path in sources]
    parts.append((PROJECT / "requirements" / "demo.txt").read_text())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def page_status(url: str) -> int | None:
    """Return the status of a GET, or None when nobody answers."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - our own http address
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def run(demo: Demo, *, reset: bool, programs: bool) -> int:
    """Open the hall and watch over it until told to stop; return the exit status."""
    stopped_at: float | None = None

    def on_signal(number: int, frame: FrameType | None) -> None:
        nonlocal stopped_at
        now = time.monotonic()
        if stopped_at is None:
            stopped_at = now
            raise Stopped
        if now - stopped_at > ONE_REQUEST_SECONDS:
            demo.supervisor.force()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)
    foreground = Foreground()
    foreground.take()
    foreground.follow_maker(lambda: os.kill(os.getpid(), signal.SIGTERM))
    try:
        if reset:
            demo.reset()
        demo.open(programs=programs)
        demo.supervisor.watch()
    except Stopped:
        demo.progress.say("stopping")
        return 0
    except EmbeddedError as error:
        print(f"demo: {error}", file=sys.stderr, flush=True)
        return 1
    finally:
        stopped_at = stopped_at or time.monotonic()
        demo.close()
        foreground.give_back()
    return 0


def main() -> int:
    """Read PORT, RESET and DEMO_HOME and run the demo."""
    parser = ArgumentParser(prog="config.embedded.demo", description=__doc__)
    parser.add_argument("--servers", action="store_true", help="only the servers and their data (for Procfile.dev)")
    options = parser.parse_args()
    port = os.environ.get("PORT") or str(PORT)
    try:
        if not port.isdecimal():
            raise EmbeddedError(f"PORT={port} is not a port: choose a number, for example make demo PORT=8001")
        demo = Demo(demo_home(), int(port), Progress())
    except EmbeddedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return run(demo, reset=os.environ.get("RESET", "0") not in ("", "0"), programs=not options.servers)


if __name__ == "__main__":
    sys.exit(main())
