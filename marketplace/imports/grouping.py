"""Rows that belong together, brought together with bounded memory however far apart they stand."""

import json
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing
from pathlib import Path
from types import TracebackType
from typing import Self

from marketplace.imports.errors import CellError
from marketplace.imports.limits import Limits
from marketplace.imports.records import RowProblem
from marketplace.imports.rows import Row, open_rows
from marketplace.imports.source import Source

RowKey = Callable[[Row], str]


class Spool(AbstractContextManager["Spool"]):
    """Rows set aside on disk, found again by family. Lives in a private temporary folder and leaves nothing behind."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="awning-import-")
        self._base = sqlite3.connect(Path(self._folder.name) / "rows.sqlite", isolation_level=None)
        self._base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA cache_size=-4096; PRAGMA temp_store=FILE;"
            "CREATE TABLE member (row INTEGER PRIMARY KEY, family TEXT NOT NULL, cells TEXT NOT NULL);"
            "BEGIN;"
        )
        self._indexed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._base.close()
        self._folder.cleanup()

    def put(self, family: str, row: Row) -> None:
        """Set one row aside under its family's name."""
        self._base.execute("INSERT INTO member VALUES (?, ?, ?)", (row.number, family, json.dumps(row.cells)))

    def families(self) -> Iterator[str]:
        """Every family, in the order of its first row."""
        self._index()
        with closing(self._base.execute("SELECT family FROM member GROUP BY family ORDER BY min(row)")) as found:
            for (family,) in found:
                yield family

    def members(self, family: str, columns: dict[str, int]) -> Iterator[Row]:
        """The rows of one family in the order of the file."""
        self._index()
        query = "SELECT row, cells FROM member WHERE family = ? ORDER BY row"
        with closing(self._base.execute(query, (family,))) as found:
            for number, cells in found:
                yield Row(number, json.loads(cells), columns)

    def _index(self) -> None:
        if not self._indexed:
            self._base.execute("CREATE INDEX member_family ON member (family, row)")
            self._indexed = True


def grouped(source: Source, limits: Limits, key: RowKey) -> Iterator[list[Row] | RowProblem]:
    """All rows with the same key as one list, in the order of the file.

    Neighbours stream straight through; only groups whose rows stand apart go over the disk, after the rest. `key`
    raises CellError for a row that cannot be placed.
    """
    scattered = _scattered(source, limits, key)
    with open_rows(source, limits) as (header, rows), Spool() as spool:
        group: list[Row] = []
        current = ""
        for row in rows:
            if isinstance(row, RowProblem):
                yield row
                continue
            if row.is_blank():
                continue
            try:
                name = key(row)
            except CellError as error:
                yield RowProblem(row.number, error.column, error.message)
                continue
            if name in scattered:
                spool.put(name, row)
                continue
            if name != current and group:
                yield group
                group = []
            current = name
            yield from _join(group, row, limits)
        if group:
            yield group
        if scattered:
            yield from _spooled(spool, dict(header.columns), limits)


def _join(group: list[Row], row: Row, limits: Limits) -> Iterator[RowProblem]:
    if len(group) < limits.product_rows:
        group.append(row)
    else:
        yield RowProblem(
            row.number,
            "",
            f"A product may have {limits.product_rows:,} rows; this one is beyond that: split the product.",
        )


def _spooled(spool: Spool, columns: dict[str, int], limits: Limits) -> Iterator[list[Row] | RowProblem]:
    for family in list(spool.families()):
        group: list[Row] = []
        for row in spool.members(family, columns):
            yield from _join(group, row, limits)
        yield group


def _scattered(source: Source, limits: Limits, key: RowKey) -> frozenset[str]:
    """The keys whose rows do not all stand together."""
    closed: set[int] = set()
    scattered: set[str] = set()
    current = ""
    with open_rows(source, limits) as (_, rows):
        for row in rows:
            if isinstance(row, RowProblem) or row.is_blank():
                continue
            try:
                name = key(row)
            except CellError:
                continue
            if name == current:
                continue
            if hash(name) in closed:  # a collision only sends a group over the disk
                scattered.add(name)
            closed.add(hash(name))
            current = name
    return frozenset(scattered)
