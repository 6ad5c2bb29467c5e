"""What counting costs: memory and series with and without the bound, the time of a request, the time of a scrape.

Each measurement runs in a process of its own, which counts into files as production does; `python -m benchmarks.metrics PART`
is such a process and prints one JSON object.
"""

import json
import os
import random
import string
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import psutil

from benchmarks.entries import Entry, at_least, at_most, p50

NAMES = ("metrics.",)
PATHS = 100_000
ROUTES = 60
PROCESSES = 5
REQUESTS = 4_000


def run() -> dict[str, Entry]:
    """Figures of all parts; the unbounded control labels by the raw path."""
    bounded, unbounded = _part("bounded"), _part("unbounded")
    request, scrape = _part("request"), _scrape()
    paths = f"{PATHS:,} random paths"
    return {
        "metrics.series_bounded": at_most(
            bounded["series"], 200, "series", f"{unbounded['series']:,} labelled by raw path"
        ),
        "metrics.memory_bounded_mb": at_most(bounded["mb"], 8, "MB", f"{unbounded['mb']:.0f} MB labelled by raw path"),
        "metrics.series_saved_ratio": at_least(
            unbounded["series"] / bounded["series"], 1_000, "times fewer", f"{paths}, raw path as label"
        ),
        "metrics.memory_saved_ratio": at_least(
            unbounded["mb"] / max(bounded["mb"], 0.1), 20, "times less", f"{paths}, raw path as label"
        ),
        "metrics.request_ratio": at_most(
            request["counted"] / request["bare"],
            1.6,
            "of a bare view",
            f"a bare Django view, {request['bare']:.0f} µs",
        ),
        "metrics.request_us": at_most(request["counted"] - request["bare"], 60, "µs", f"{request['bare']:.0f} µs bare"),
        "metrics.scrape_ms": at_most(scrape, 250, "ms", f"{PROCESSES} processes, {ROUTES} routes each"),
    }


def _part(name: str, folder: str = "") -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="awning-bench-metrics-", dir=_memory()) as made:
        # Growing the control's files would take minutes; in memory, where one process counts for itself, it shows the same.
        alone = name.endswith("bounded")
        environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": folder or made, "PROCESS_KIND": "web"}
        if alone:
            del environ["PROMETHEUS_MULTIPROC_DIR"]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.metrics", name], env=environ, capture_output=True, text=True, check=False
        )
    if done.returncode:
        raise RuntimeError(f"{name}: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def _scrape() -> float:
    with tempfile.TemporaryDirectory(prefix="awning-bench-metrics-", dir=_memory()) as folder:
        for _ in range(PROCESSES):
            _part("fill", folder)
        return float(_part("scrape", folder)["ms"])


def _memory() -> str | None:
    shared = "/dev/shm"  # noqa: S108 - a new private folder is made in it
    return shared if os.access(shared, os.W_OK) else None


def _strangers(label: Callable[[str], str]) -> dict[str, float]:
    """Counts and times one request for each of many random paths, under the label that ``label`` gives it."""
    from monitoring.metrics.middleware import duration, requests_total

    numbers = random.Random(7)
    process = psutil.Process()
    before = process.memory_info().rss
    for _ in range(PATHS):
        name = label("/" + "".join(numbers.choices(string.ascii_letters, k=12)))
        requests_total.labels(name, "GET", "4xx").inc()
        duration.labels(name).observe(0.01)
    after = process.memory_info().rss
    series = sum(len(metric.samples) for metric in (*requests_total.collect(), *duration.collect()))
    return {"mb": (after - before) / 1_048_576, "series": series}


def _bounded() -> dict[str, float]:
    """The real label: nothing has these addresses."""
    from monitoring.metrics import routes

    return _strangers(routes.of_path)


def _unbounded() -> dict[str, float]:
    """The control: what a middleware does that labels by the path it was asked for."""
    return _strangers(lambda path: path)


def _request() -> dict[str, float]:
    """Microseconds of processor time of a bare view, and of the same one counted; medians of interleaved rounds."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse
    from django.test import RequestFactory
    from django.urls import path

    def hello(request: HttpRequest) -> HttpResponse:
        return HttpResponse("hello")

    def start(status: str, headers: object, error: object = None) -> Callable[[bytes], object]:
        return bytes

    settings.ROOT_URLCONF = type("urls", (), {"urlpatterns": [path("hello/", hello)]})
    handlers = {}
    for name, middleware in (("bare", []), ("counted", ["monitoring.metrics.middleware.timing"])):
        settings.MIDDLEWARE = middleware
        handlers[name] = WSGIHandler()
    environ = RequestFactory().get("/hello/").META
    times: dict[str, list[float]] = {"bare": [], "counted": []}
    for _ in range(11):
        for name, handler in handlers.items():
            begin = time.process_time()
            for _ in range(REQUESTS // 10):
                handler(dict(environ), start)
            times[name].append((time.process_time() - begin) / (REQUESTS // 10) * 1e6)
    return {name: p50(found[1:]) for name, found in times.items()}


def _fill() -> dict[str, float]:
    """One web process that has answered on every route."""
    from monitoring.metrics.middleware import duration, in_flight, requests_total

    for number in range(ROUTES):
        for status in ("2xx", "4xx"):
            requests_total.labels(f"route/{number}/", "GET", status).inc()
        duration.labels(f"route/{number}/").observe(0.01)
    in_flight.set(1)
    return {}


def _read() -> dict[str, float]:
    """Milliseconds of the whole page, gauges looked up included; median of ten after the first."""
    from monitoring.metrics import exposition

    times = []
    for _ in range(11):
        begin = time.perf_counter()
        exposition.text()
        times.append((time.perf_counter() - begin) * 1000)
    return {"ms": p50(times[1:])}


if __name__ == "__main__":
    import django

    django.setup()
    parts = {"bounded": _bounded, "unbounded": _unbounded, "request": _request, "fill": _fill, "scrape": _read}
    print(json.dumps(parts[sys.argv[1]]()))
