"""Pytest plugin: no page may issue one statement again and again for its lines.

While Django's test client performs a request, statements are grouped by shape (values left out). One that comes more than five
times in one request fails the test and names the statement and the line of code that issued it. A test that repeats on purpose
says so: ``@pytest.mark.repeats(20, reason="…")``; the number is the most it may repeat.
"""

import sys
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

MOST = 5
_ROOT = f"{Path(__file__).resolve().parent.parent}/"
_FLOORS = ("config/", "payments/", "marketplace/", "monitoring/")
# They see every statement and ask for none.
_ONLOOKERS = ("monitoring/database/watch.py",)


class RepeatedQueries(AssertionError):
    """A request issued one statement more often than it may."""


class Recorder:
    """Counts the statements of one request, by shape, and remembers who issued each."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.lines: dict[str, Counter[str]] = {}

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        from monitoring.database.statements import is_control, normalise

        text = str(sql)
        if not is_control(text):
            shape = normalise(text)
            self.counts[shape] += 1
            self.lines.setdefault(shape, Counter())[_line()] += 1
        return execute(sql, params, many, context)

    def check(self, what: str, most: int) -> None:
        """Raises RepeatedQueries when a statement came more than ``most`` times."""
        found = [(shape, count) for shape, count in self.counts.most_common() if count > most]
        if found:
            lines = "\n".join(
                f"  {count} × {shape[:600]}\n      by {self.lines[shape].most_common(1)[0][0]}"
                for shape, count in found
            )
            raise RepeatedQueries(f"{what} repeats statements (at most {most} times each):\n{lines}")


def _line() -> str:
    """The innermost line of our own code."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        name = frame.f_code.co_filename.removeprefix(_ROOT)
        if name.startswith(_FLOORS) and name not in _ONLOOKERS:
            return f"{name}:{frame.f_lineno} in {frame.f_code.co_qualname}"
        frame = frame.f_back
    return "a library or the test itself"


def pytest_configure(config: pytest.Config) -> None:
    """Makes the marker known."""
    config.addinivalue_line(
        "markers", "repeats(most, *, reason): a request of this test may repeat a statement so often"
    )


@pytest.fixture(autouse=True)
def _no_repeated_queries(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Watches every request of Django's test client."""
    from django.db import connections
    from django.test import Client

    most, original = allowed(request.node.get_closest_marker("repeats")), Client.request

    def watched(client: Client, **environ: Any) -> Any:
        recorder = Recorder()
        with ExitStack() as stack:
            for connection in connections.all():
                stack.enter_context(connection.execute_wrapper(recorder))
            response = original(client, **environ)
        recorder.check(f"{environ.get('REQUEST_METHOD', 'GET')} {environ.get('PATH_INFO', '/')}", most)
        return response

    monkeypatch.setattr(Client, "request", watched)


def allowed(marker: pytest.Mark | None) -> int:
    """How often a statement may come; an exception needs its number and its reason."""
    if marker is None:
        return MOST
    if len(marker.args) != 1 or not isinstance(marker.args[0], int) or not marker.kwargs.get("reason"):
        raise pytest.UsageError('write @pytest.mark.repeats(20, reason="why this request must repeat a statement")')
    return marker.args[0]
