"""How long the health pages take while each dependency in turn is paused, and what a well hall costs."""

import tempfile
import threading
from pathlib import Path

from benchmarks._pausing import BEARER, PAGES, Answer, PausedHall, until
from benchmarks.entries import Entry, at_most, milliseconds, p95

NAMES = ("health.",)
# CONTRACT: /health/ within 100 ms, the details within 500 ms, whatever hangs.
SUMMARY_MS, DETAILS_MS = 100, 500
CALLERS = 100


def run() -> dict[str, Entry]:
    """Slowest answer of all health pages in milliseconds, per paused dependency."""
    results: dict[str, Entry] = {}
    with tempfile.TemporaryDirectory(prefix="awning-health-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        with PausedHall(Path(home)) as hall:
            until(lambda: hall.state_of("postgresql") == "ok", "PostgreSQL")
            results |= _well(hall)
            for name in ("postgresql", "cache", "broker", "limits"):
                results[f"health.paused_{name}_ms"] = _paused(hall, name)
    with tempfile.TemporaryDirectory(prefix="awning-health-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        with PausedHall(Path(home), black_hole=True) as hall:
            results["health.paused_storage_ms"] = _until_failed(hall, "storage")
    return results


def _well(hall: PausedHall) -> dict[str, Entry]:
    live = milliseconds(lambda: hall.get("/healthz"), runs=100)
    summary = milliseconds(lambda: hall.get("/health/"), runs=100)
    details = milliseconds(lambda: hall.get("/health/detailed/", BEARER), runs=100)
    return {
        "health.live_p95_ms": at_most(p95(live), SUMMARY_MS, "ms"),
        "health.summary_p95_ms": at_most(p95(summary), SUMMARY_MS, "ms"),
        "health.details_p95_ms": at_most(p95(details), DETAILS_MS, "ms"),
        "health.hundred_callers_ms": at_most(_hundred(hall), DETAILS_MS, "ms", "100 at once, 4 threads"),
    }


def _hundred(hall: PausedHall) -> float:
    """The slowest of a hundred callers at once, in milliseconds."""
    answers: list[Answer] = []
    callers = [threading.Thread(target=lambda: answers.append(hall.get("/health/"))) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert len(answers) == CALLERS
    return max(answer.seconds for answer in answers) * 1000


def _paused(hall: PausedHall, name: str) -> Entry:
    until(lambda: hall.state_of(name) == "ok", f"{name} to be well again")
    with hall.paused(name):
        return _until_failed(hall, name)


def _until_failed(hall: PausedHall, name: str) -> Entry:
    """The slowest answer from the pause until the page has said so twice."""
    slowest, said = 0.0, 0
    while said < 2:
        answers = [hall.get(path, headers) for path, headers in PAGES]
        slowest = max(slowest, *(answer.seconds for answer in answers))
        said += any(answer.body.get("checks", {}).get(name, {}).get("status") == "failed" for answer in answers)
    return at_most(slowest * 1000, DETAILS_MS, "ms", "slowest of all pages until it is reported")
