"""From text to rows: separators, quotation marks, and rows that are broken without breaking the rest."""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TextIO

from marketplace.imports.cells import clean
from marketplace.imports.errors import CatalogueFileError, RecordTooLongError
from marketplace.imports.limits import Limits
from marketplace.imports.records import RowProblem
from marketplace.imports.source import Source, open_text

DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of the file. Cells missing at its end read as blank."""

    number: int
    cells: list[str]
    columns: Mapping[str, int]

    def get(self, column: str) -> str:
        """The cell under a column (name in lower case), trimmed; blank when the file has no such column.

        Raises CellError when the cell holds bytes that are not text in the file's encoding.
        """
        index = self.columns.get(column, -1)
        if index < 0 or index >= len(self.cells):
            return ""
        return clean(self.cells[index], column)

    def is_blank(self) -> bool:
        """True when a spreadsheet would show nothing in this row."""
        return not any(cell and not cell.isspace() for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Header:
    """The first row: names as written, and where each lower-cased name stands (the first one wins)."""

    names: tuple[str, ...]
    columns: Mapping[str, int]
    delimiter: str


class _Lines:
    """Physical lines for `csv`, remembering those of the record under way so that a broken one can be replayed."""

    def __init__(self, stream: TextIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits
        self._replay: list[str] = []
        self.pending: list[str] = []
        self._chars = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._replay.pop() if self._replay else self._stream.readline(self._limits.record_chars + 1)
        if not line:
            if self.pending:  # csv asks again only inside quotation marks
                raise RecordTooLongError
            raise StopIteration
        self.pending.append(line)
        self._chars += len(line)
        if self._chars > self._limits.record_chars or len(self.pending) > self._limits.record_lines:
            raise RecordTooLongError
        return line

    def accept(self) -> None:
        self.pending = []
        self._chars = 0

    def drop_first_line(self) -> None:
        """Give up the line the broken record began with; what was read after it is read again."""
        first, *rest = self.pending
        self._replay.extend(reversed(rest))
        self.accept()
        while not first.endswith(("\n", "\r")) and first:  # the rest of one endless line
            if self._replay:
                break
            first = self._stream.readline(self._limits.record_chars)


@contextmanager
def open_rows(source: Source, limits: Limits) -> Iterator[tuple[Header, Iterator[Row | RowProblem]]]:
    """The header and, streaming, every row after it. Raises CatalogueFileError when there is no usable header."""
    with open_text(source, limits) as stream:
        lines = _Lines(stream, limits)
        csv.field_size_limit(max(csv.field_size_limit(), limits.record_chars))
        header, skipped = _read_header(lines, limits)
        yield header, _rows(lines, header, limits, first=2 + skipped)


def _read_header(lines: _Lines, limits: Limits) -> tuple[Header, int]:
    """The first row that is not blank, and how many blank ones stood before it."""
    skipped = 0
    first = ""
    try:
        for first in lines:
            if first.strip("\ufeff \t\r\n,;|"):
                break
            skipped += 1
            lines.accept()
        delimiter = _delimiter(first)
        names = next(_parse(_again(first, lines), delimiter), [])
    except RecordTooLongError as error:
        raise CatalogueFileError(
            "The first row never ends: a quotation mark is missing, or this is not a CSV file."
        ) from error
    lines.accept()
    if len(names) > limits.columns:
        raise CatalogueFileError(f"The file has {len(names)} columns; {limits.columns} are allowed. Remove some.")
    names = [" ".join(clean(name.lstrip("\ufeff"), "").split()) for name in names]
    columns: dict[str, int] = {}
    for index, name in enumerate(names):
        if name:
            columns.setdefault(name.lower(), index)
    return Header(tuple(names), columns, delimiter), skipped


def _again(first: str, lines: _Lines) -> Iterator[str]:
    yield first
    yield from lines


def _parse(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(lines, delimiter=delimiter)


def _delimiter(line: str) -> str:
    """The separator that occurs most often outside quotation marks of the header."""
    bare = "".join(line.split('"')[::2])
    return max(DELIMITERS, key=bare.count)


def _rows(lines: _Lines, header: Header, limits: Limits, *, first: int) -> Iterator[Row | RowProblem]:
    reader = _parse(lines, header.delimiter)
    number = first
    never_closed = 0
    width = len(header.names)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (RecordTooLongError, csv.Error):
            never_closed += 1
            if never_closed > limits.open_rows:
                message = f"More than {limits.open_rows} rows have a quotation mark that is never closed: export anew."
                yield RowProblem(number, "", f"{message} Nothing after this row was read.")
                return
            yield RowProblem(number, "", "A quotation mark opens in this row and is never closed: close it.")
            lines.drop_first_line()
            reader = _parse(lines, header.delimiter)
            number += 1
            continue
        lines.accept()
        if number - 1 > limits.rows:
            yield RowProblem(
                number, "", f"The file has more than {limits.rows:,} rows: put the rest into another file."
            )
            return
        problem = _shape_problem(number, cells, width, limits)
        yield problem if problem else Row(number, cells, header.columns)
        number += 1


def _shape_problem(number: int, cells: list[str], width: int, limits: Limits) -> RowProblem | None:
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        return RowProblem(
            number,
            "",
            f"The row has {len(cells)} cells under {width} columns: put quotation marks around text with separators.",
        )
    if sum(map(len, cells)) > limits.cell_chars and max(map(len, cells)) > limits.cell_chars:
        return RowProblem(number, "", f"A cell is longer than {limits.cell_chars:,} characters: shorten it.")
    return None
