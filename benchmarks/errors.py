"""What an error costs the request that it happens in: ours with everything behind it broken in turn, beside blocking capture.

A thread drains all the while, as in a web process, and the errors are of 200 kinds with stacks of some thirty frames.
"""

import json
import os
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from benchmarks.entries import Entry, at_least, at_most, p50

NAMES = ("errors.",)
KINDS = 200
REPORTS = 2000
BLOCKING = 20
# The quietest round counts: what else runs on the machine also takes milliseconds from a thread.
ROUNDS = 3
LIMIT = 1.0
# How long the sink sleeps (seconds): what the capture that is replaced has cost at the least.
SLEEP = 0.1

Publish = Callable[[object], None]


def run() -> dict[str, Entry]:
    """p50 and p99 of ``report`` in ms, and how many times cheaper it is than sending or inserting in the request."""
    from monitoring.errors import tasks

    def by(url: str) -> Publish:
        def publish(batch: object) -> None:
            from config.celery import app

            options = app.conf.broker_transport_options
            with app.connection_for_write(url=url, transport_options=options) as connection:
                app.send_task(tasks.STORE, args=(batch,), connection=connection, retry=False)

        return publish

    def asleep(batch: object) -> None:
        time.sleep(SLEEP)

    entries: dict[str, Entry] = {}
    with _black_hole() as hole, _sleeping_sink() as sink:
        blocking = {"http": p50(_blocking_http(sink)), "insert": p50(_blocking_insert())}
        reference = f"blocking: HTTP {blocking['http']:.0f} ms, INSERT {blocking['insert']:.1f} ms"
        ways: dict[str, Publish] = {
            "sink_asleep": asleep,
            "broker_refused": by(f"redis://127.0.0.1:{_closed_port()}/0"),
            "broker_hung": by(f"redis://127.0.0.1:{hole}/0"),
            # Sentry is the worker's business: the process itself sees a broker that works.
            "sentry_unreachable": by(os.environ["CELERY_BROKER_URL"]),
        }
        worst = 0.0
        for name, publish in ways.items():
            times = min((_reports(publish) for _ in range(ROUNDS)), key=_p99)
            p99 = _p99(times)
            worst = max(worst, p50(times))
            entries[f"errors.report_p50.{name}"] = at_most(p50(times), LIMIT, "ms", reference)
            entries[f"errors.report_p99.{name}"] = at_most(p99, LIMIT, "ms", reference)
    entries["errors.times_cheaper_than_http"] = at_least(blocking["http"] / worst, 20, "×", reference)
    return entries


def _p99(times: list[float]) -> float:
    return times[round(0.99 * len(times)) - 1]


def _reports(publish: Publish) -> list[float]:
    """Times of ``report`` in ms, sorted, while a thread hands on what was reported."""
    from monitoring.errors import capture, delivery
    from monitoring.errors.batches import Sender
    from monitoring.errors.buffer import Buffer

    capture._process.buffer = Buffer()
    courier = delivery.Courier(Sender("web"), publish=publish, store=_fails)
    ending = threading.Event()

    def drain() -> None:
        while not ending.wait(0.05):
            courier.run(ending=False)

    thread = threading.Thread(target=drain, daemon=True)
    thread.start()
    errors = [_raised(kind) for kind in range(KINDS)]
    times = []
    for number in range(REPORTS):
        error = errors[(number * 7) % KINDS]
        begin = time.perf_counter()
        capture.report(error, handled=False, event_id="e-1")
        times.append((time.perf_counter() - begin) * 1000)
        if number % 20 == 0:
            time.sleep(0.005)
    ending.set()
    thread.join(10)
    capture._process.buffer = Buffer()
    return sorted(times)


def _fails(batch: object) -> None:
    raise OSError("the store is away")


def _raised(kind: int) -> BaseException:
    """An error of its own kind at the bottom of a stack of some thirty frames."""
    from monitoring.errors import traces

    names: dict[str, object] = {}
    text = f"def step{kind}(depth):\n    if depth: return step{kind}(depth - 1)\n    raise ValueError('no seat in row 12')\n"
    exec(compile(text, f"{traces._home.root}/marketplace/made_up_{kind}.py", "exec"), names)  # noqa: S102 - frames of made-up files, as a deep page has them
    try:
        names[f"step{kind}"](30)  # type: ignore[operator]
    except ValueError as error:
        return error
    raise AssertionError("nothing was raised")


def _blocking_http(port: int) -> list[float]:
    """What a capture costs that sends in the request and waits for the answer."""
    return _timed(lambda error: _post(f"http://127.0.0.1:{port}/", _payload(error)))


def _blocking_insert() -> list[float]:
    """What a capture costs that inserts in the request, on a connection of its own."""
    from django.db import connections
    from django.utils import timezone

    from monitoring.errors import services
    from monitoring.errors.batches import Sender, make
    from monitoring.errors.buffer import Buffer
    from monitoring.errors.capture import _process, report

    def insert(error: BaseException) -> None:
        _process.buffer = Buffer()
        report(error)
        connections.close_all()
        services.store(make(_process.buffer.take(10), Sender("web")).record(), now=timezone.now())
        connections.close_all()

    return _timed(insert)


def _timed(call: Callable[[BaseException], object]) -> list[float]:
    times = []
    for kind in range(BLOCKING):
        error = _raised(kind)
        begin = time.perf_counter()
        call(error)
        times.append((time.perf_counter() - begin) * 1000)
    return times


def _payload(error: BaseException) -> bytes:
    from dataclasses import asdict

    from monitoring.errors import traces

    return json.dumps([asdict(link) for link in traces.chain(error)]).encode()


def _post(url: str, body: bytes = b"{}") -> None:
    with urllib.request.urlopen(urllib.request.Request(url, data=body), timeout=5) as answer:  # noqa: S310 - a server of our own on loopback
        answer.read()


def _closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _black_hole() -> Iterator[int]:
    """A port that takes connections and never answers."""
    with socket.socket() as hole:
        hole.bind(("127.0.0.1", 0))
        hole.listen(128)
        yield int(hole.getsockname()[1])


@contextmanager
def _sleeping_sink() -> Iterator[int]:
    """An ingest that takes its time to answer."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            time.sleep(SLEEP)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Silence."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()
