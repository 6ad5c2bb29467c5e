"""django-health-check's checks as ours, and our findings in its formats.

The library waits a second longer than a check may take, answers 500 to a warning, and labels its series with whatever a check
is called by ``repr``. So its checks run on our board, and its views only write what the board found.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.http import HttpRequest, HttpResponse
from health_check.base import HealthCheck, HealthCheckResult
from health_check.checks import Storage
from health_check.exceptions import HealthCheckException, ServiceUnavailable, ServiceWarning
from health_check.views import HealthCheckView

from monitoring.health.board import Result
from monitoring.health.registry import Figure, Finding

Figures = Callable[[], Mapping[str, Figure]]


def adapted(probe: HealthCheck, figures: Figures = dict) -> Callable[[], Finding]:
    """A check of the library as one of ours; what it raises as warning stays one."""

    def run() -> Finding:
        try:
            answer = probe.run()
            if inspect.iscoroutine(answer):
                asyncio.run(answer)
        except ServiceWarning as warning:
            return Finding("warning", str(warning.message), figures())
        except HealthCheckException as error:
            return Finding("failed", str(error.message), figures())
        return Finding("ok", "", figures())

    return run


@dataclass
class MediaStorage(Storage):
    """Writes, reads and deletes a file of a few bytes among the pictures."""

    def get_file_name(self) -> str:
        return f"health/{uuid4().hex}.txt"


@dataclass
class _Named(HealthCheck):
    """A finding under the name of its check: one label with values that we choose."""

    name: str

    async def run(self) -> None:
        """Never called: the board has run it."""

    @property
    def labels(self) -> dict[str, str]:
        return {"check": self.name}

    def __repr__(self) -> str:
        return self.name


class _Writer(HealthCheckView):
    """The library's formats without its way of running checks."""

    def __init__(self, request: HttpRequest, results: Iterable[Result]) -> None:
        super().__init__()
        self.setup(request)
        self.results = [_library_result(result) for result in results]


def as_text(request: HttpRequest, results: Iterable[Result], *, status: int) -> HttpResponse:
    """One line per check."""
    writer: Any = _Writer(request, results)
    answer: HttpResponse = writer.render_to_response_text(status)
    return answer


def as_openmetrics(request: HttpRequest, results: Iterable[Result]) -> HttpResponse:
    """One series per check, for a scraper."""
    writer: Any = _Writer(request, results)
    answer: HttpResponse = writer.render_to_response_openmetrics()
    return answer


def _library_result(result: Result) -> HealthCheckResult:
    # The library says no types for its errors.
    kinds: dict[str, Any] = {"failed": ServiceUnavailable, "warning": ServiceWarning}
    error = kinds[result.state](result.text) if result.state in kinds else None
    return HealthCheckResult(check=_Named(result.name), error=error, time_taken=(result.latency_ms or 0.0) / 1000)
