"""Real processes that poll rates as fast as they may: what the adversarial run stands on.

Arguments: how many processes, a JSON of settings (bases, spacing, pause, policy, times), a folder. One sets Django up and
forks the others before anything has a connection or a thread. Says "ready", polls from the first line it reads until its
input ends. Each writes its calls, what its breakers did, and errors, to a file of its own in the folder, a JSON per line.
"""

import json
import logging
import os
import select
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_logger = logging.getLogger(__name__)


class Pollers:
    """The processes, started and waiting for ``go``; ``stop`` ends them and returns what they wrote, in order of time."""

    def __init__(self, count: int, settings: Mapping[str, Any], folder: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks._pollers", str(count), json.dumps(settings), str(folder)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **environ},
        )
        assert self._child.stdout is not None
        said = self._child.stdout.readline().strip()
        assert said == "ready", f"the pollers said {said!r}"

    def go(self) -> None:
        """Lets them poll."""
        assert self._child.stdin is not None
        self._child.stdin.write("go\n")
        self._child.stdin.flush()

    def events(self) -> list[dict[str, Any]]:
        """What they have written, in order of time."""
        lines = [line for file in self._folder.glob("*.jsonl") for line in file.read_text().splitlines(keepends=True)]
        # The last line of one that is still writing may be a half.
        whole = (json.loads(line) for line in lines if line.endswith("\n"))
        return sorted(whole, key=lambda event: float(event["at"]))

    def stop(self) -> list[dict[str, Any]]:
        """Ends all of them."""
        try:
            self._child.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(5)
            raise
        return self.events()


def main() -> int:
    """Sets up, forks, and waits for the end of its input."""
    count, settings, folder = int(sys.argv[1]), json.loads(sys.argv[2]), Path(sys.argv[3])
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    _configure(settings)
    begin, end = os.pipe(), os.pipe()
    children = []
    for number in range(count):
        child = os.fork()
        if child == 0:
            os.close(begin[1])
            os.close(end[1])
            _poll(begin[0], end[0], folder / f"{number}.jsonl", pause=settings["pause"])
            os._exit(0)
        children.append(child)
    print("ready", flush=True)
    sys.stdin.readline()
    os.close(begin[1])
    sys.stdin.read()
    os.close(end[1])
    for child in children:
        os.waitpid(child, 0)
    return 0


def _configure(settings: dict[str, Any]) -> None:
    """The chain at the liars' addresses, with breakers and times of this run."""
    from django.apps import apps

    from marketplace.core import breaker, breaker_store
    from marketplace.core.breaker import Breaker
    from marketplace.core.breaker_store import Policy
    from marketplace.rates import slots
    from marketplace.rates.providers import Provider, bitstamp, calls, coinbase, coingecko

    slots.SPACING_SECONDS = settings["spacing"]
    # In the hall a process believes a breaker for a third of the spacing; both are scaled alike.
    breaker.BELIEVED = settings["spacing"] / 3
    calls.READ_SECONDS, calls.TOTAL_SECONDS = settings["read"], settings["total"]
    # A busy machine is no dead process and no silent Redis: what decides without them has tests of its own.
    slots.TOTAL_SECONDS = settings["lease"]
    breaker_store.PATIENCE = 10.0
    modules = {"coingecko": coingecko, "coinbase": coinbase, "bitstamp": bitstamp}
    policy = Policy(**settings["policy"])
    apps.get_app_config("rates").chain = tuple(
        Provider(
            name,
            _noted(name, partial(modules[name].fetch, base=base)),
            Breaker(f"{settings['name']}-{name}", policy, place=breaker._store),
        )
        for name, base in settings["bases"].items()
    )


def _noted(name: str, fetch: Callable[[datetime], Any]) -> Callable[[datetime], Any]:
    """Notes each call as it begins, in the same order as what breakers do: a busy server notes it when it gets round to it."""

    def call(now: datetime) -> Any:
        _logger.info("called", extra={"breaker": name})
        return fetch(now)

    return call


def _poll(begin: int, end: int, file: Path, *, pause: float) -> None:
    """One of the processes: polls until the other end of the pipe is closed."""
    from django.db import connections
    from django.utils import timezone

    from marketplace.rates import services

    with file.open("w", buffering=1) as out:
        lock = threading.Lock()

        def note(**event: object) -> None:
            with lock:
                out.write(json.dumps({"at": time.time(), **event}) + "\n")

        handler = logging.Handler()
        handler.emit = lambda record: note(what=record.getMessage(), who=getattr(record, "breaker", ""))  # type: ignore[method-assign]
        for logger in (_logger, logging.getLogger("marketplace.core.breaker")):
            logger.setLevel(logging.INFO)
            logger.addHandler(handler)
            logger.propagate = False
        logging.getLogger().setLevel(logging.CRITICAL)
        select.select([begin], [], [])
        polls = 0
        while not select.select([end], [], [], pause)[0]:
            try:
                services.poll(now=timezone.now())
            except Exception:  # noqa: BLE001 - whatever escapes is a finding
                note(what="escaped", who=traceback.format_exc()[-800:])
            polls += 1
        note(what="polls", who=str(polls))
        connections.close_all()


if __name__ == "__main__":
    sys.exit(main())
