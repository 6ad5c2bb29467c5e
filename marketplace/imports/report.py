"""What an import did: counts, speed and memory, and one line per row for those who want it."""

import csv
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TextIO

from marketplace.imports.cells import guard
from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.records import RowProblem, Severity

CATEGORY = "Category"
FIELDS = ("row", "sku", "outcome", "column", "message")


class Outcome(StrEnum):
    """What became of a row, a product or an offer."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class RowResult:
    """One line of the report. `outcome` is an Outcome, or `note` beside the row's own line."""

    row: int
    sku: str
    outcome: str
    column: str = ""
    message: str = ""


class Sink(Protocol):
    """Takes the lines of a report as they come."""

    def write(self, result: RowResult) -> None: ...


@dataclass(slots=True)
class Report:
    """Counts of one import. Every row that is not blank is counted exactly once under `rows`."""

    format: str = ""
    dry_run: bool = False
    rows: Counter[Outcome] = field(default_factory=Counter)
    products: Counter[Outcome] = field(default_factory=Counter)
    offers: Counter[Outcome] = field(default_factory=Counter)
    joined: int = 0
    pictures_noted: int = 0
    uncounted: int = 0
    notes: int = 0
    problems: list[RowProblem] = field(default_factory=list)
    remarks: list[RowProblem] = field(default_factory=list)
    missing_categories: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    stopped: str = ""

    @property
    def rows_read(self) -> int:
        return sum(self.rows.values())

    @property
    def rows_per_second(self) -> int:
        return round(self.rows_read / self.seconds) if self.seconds else 0

    @property
    def usable(self) -> bool:
        """Whether anything in the file is, or would be, in the hall."""
        return self.rows_read > self.rows[Outcome.SKIPPED]

    def add(self, problem: RowProblem, sink: Sink | None, *, keep: int = 50) -> None:
        """Counts a problem and passes it on; the first ones are kept for the summary."""
        skipped = problem.severity is Severity.SKIPPED
        if skipped:
            self.rows[Outcome.SKIPPED] += 1
        else:
            self.notes += 1
        shown = self.problems if skipped else self.remarks
        # Missing categories have their own list, where each is named once.
        if len(shown) < keep and (skipped or problem.column != CATEGORY):
            shown.append(problem)
        if sink is not None:
            outcome = Outcome.SKIPPED.value if skipped else "note"
            sink.write(RowResult(problem.row, problem.sku, outcome, problem.column, problem.message))

    def summary(self) -> dict[str, object]:
        """The counts as plain values; seconds are wall time, CPU and peak memory are the process's."""
        return {
            "format": self.format,
            "dry_run": self.dry_run,
            "rows": _counts(self.rows),
            "products": _counts(self.products),
            "offers": _counts(self.offers),
            "joined": self.joined,
            "pictures_noted": self.pictures_noted,
            "stock_not_counted": self.uncounted,
            "notes": self.notes,
            "missing_categories": dict(self.missing_categories.most_common(20)),
            "seconds": round(self.seconds, 2),
            "rows_per_second": self.rows_per_second,
            "cpu_seconds": round(time.process_time(), 2),
            "peak_memory_mib": peak_memory_mib(),
            "stopped": self.stopped,
        }


def _counts(counter: Counter[Outcome]) -> dict[str, int]:
    return {outcome.value: counter[outcome] for outcome in Outcome}


def peak_memory_mib() -> int:
    """The most memory this process has held (resident set), in MiB. Linux counts in KiB, macOS in bytes."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(peak / (1024 * 1024 if sys.platform == "darwin" else 1024))


class _CsvSink:
    def __init__(self, stream: TextIO) -> None:
        self._writer = csv.writer(stream)
        self._writer.writerow(FIELDS)

    def write(self, result: RowResult) -> None:
        self._writer.writerow([result.row, *map(guard, (result.sku, result.outcome, result.column, result.message))])


class _JsonSink:
    """One array, streamed: the report of a large file never stands in memory."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._first = True
        stream.write('{"rows": [')

    def write(self, result: RowResult) -> None:
        self._stream.write("\n" if self._first else ",\n")
        self._first = False
        values = (result.row, result.sku, result.outcome, result.column, result.message)
        json.dump(dict(zip(FIELDS, values, strict=True)), self._stream, ensure_ascii=False)

    def close(self, report: Report) -> None:
        self._stream.write('\n],\n"summary": ')
        json.dump(report.summary(), self._stream, ensure_ascii=False)
        self._stream.write("}\n")


def open_sink(path: Path | None, report: Report) -> AbstractContextManager[Sink | None]:
    """A sink for `.csv` or `.json`, nothing for None. Raises CatalogueFileError for any other ending."""
    if path is not None and path.suffix.lower() not in {".csv", ".json"}:
        raise CatalogueFileError(f"The report {path.name} must end in .csv or .json.")
    return _sink(path, report)


@contextmanager
def _sink(path: Path | None, report: Report) -> Iterator[Sink | None]:
    if path is None:
        yield None
        return
    try:
        stream = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CatalogueFileError(f"The report {path} cannot be written: {error.strerror}.") from error
    with stream:
        if path.suffix.lower() == ".csv":
            yield _CsvSink(stream)
            return
        sink = _JsonSink(stream)
        try:
            yield sink
        finally:
            sink.close(report)
