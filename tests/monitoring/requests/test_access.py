"""Lines of requests that are put together from finished pieces: the same ones, none lost, none twice."""

import io
import json
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from monitoring import background
from monitoring.requests import access, ids, logs


@pytest.fixture(autouse=True)
def own_state() -> Iterator[None]:
    yield
    access._later.forget()


def one_place(patch: pytest.MonkeyPatch) -> io.StringIO:
    """Where lines go in a process that writes them to one place as JSON, and whose jobs run; the first run is over.

    No fixture: pytest adds its own handlers after those.
    """
    stream = io.StringIO()
    handler = logs.Lines(stream)
    handler.setFormatter(logs.LineFormatter(style="json", process="web"))
    patch.setattr(logging.getLogger(), "handlers", [handler])
    patch.setattr(background, "running", lambda: True)
    patch.setattr(access.logger, "level", logging.INFO)
    access.logger.manager._clear_cache()  # type: ignore[attr-defined]
    access.write_out()
    return stream


def quick(number: int = 0) -> None:
    access.quick_line(
        request_id=f"request-{number:06d}", client="203.0.113.0/24", route="/p/<slug:slug>/", method="GET", status=200,
        seconds=0.00123, size=5,
    )  # fmt: skip


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(text) for text in stream.getvalue().splitlines()]


def without_time(line: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in line.items() if name != "timestamp"]


def test_the_short_ways_write_what_the_long_way_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    written = one_place(monkeypatch)
    visit = access.Visit("GET", "/p/<slug:slug>/", 200, 0.00123, 5, "", "203.0.113.0/24")
    # With a fact of the work at hand it is the long way.
    with ids.within("request-000000", job="none"):
        access.line(visit)
    with ids.within("request-000000"):
        access.line(visit)
    quick()
    access.write_out()
    by_formatter, short, later = lines(written)
    del by_formatter["job"]
    assert list(by_formatter) == list(short) == list(later)
    assert without_time(by_formatter) == without_time(short) == without_time(later)
    assert len(by_formatter["timestamp"]) == len(later["timestamp"]) == len("2026-11-22T19:43:49.123+00:00")


def test_a_line_waits_for_the_job_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    written = one_place(monkeypatch)
    quick()
    assert not lines(written)
    assert access.write_out() == 1
    assert access.write_out() == 0
    assert [line["request_id"] for line in lines(written)] == ["request-000000"]


def test_so_many_do_not_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    written = one_place(monkeypatch)
    for number in range(access.MOST):
        quick(number)
    assert len(lines(written)) == access.MOST


def test_after_the_last_time_lines_are_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    written = one_place(monkeypatch)
    quick(1)
    monkeypatch.setattr(background, "ending", lambda: True)
    access.write_out()
    quick(2)
    assert [line["request_id"] for line in lines(written)] == ["request-000001", "request-000002"]


def test_threads_lose_no_line_and_write_none_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    written = one_place(monkeypatch)
    start = threading.Barrier(4)

    def ask(first: int) -> None:
        start.wait()
        for number in range(first, first + 500):
            quick(number)

    threads = [threading.Thread(target=ask, args=(first * 500,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    access.write_out()
    assert sorted(line["request_id"] for line in lines(written)) == [f"request-{n:06d}" for n in range(2000)]
