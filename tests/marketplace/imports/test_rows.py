from pathlib import Path

import pytest

from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.limits import Limits
from marketplace.imports.records import RowProblem
from marketplace.imports.rows import Row, open_rows
from marketplace.imports.source import inspect

SMALL = Limits(record_chars=2_000, record_lines=50, cell_chars=500, rows=10, columns=5)


def read(tmp_path: Path, content: str, limits: Limits = SMALL) -> list[Row | RowProblem]:
    path = tmp_path / "file.csv"
    path.write_bytes(content.encode())
    with open_rows(inspect(path, limits), limits) as (_, rows):
        return list(rows)


def values(rows: list[Row | RowProblem], column: str = "b") -> list[str | None]:
    return [row.get(column) if isinstance(row, Row) else None for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system(tmp_path: Path, end: str) -> None:
    assert values(read(tmp_path, end.join(["a,b", "1,x", "2,y", ""]))) == ["x", "y"]


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_separators_are_found_out(tmp_path: Path, mark: str) -> None:
    assert values(read(tmp_path, f'a{mark}b\n1{mark}"x{mark}y"\n')) == [f"x{mark}y"]


def test_quoted_newlines_belong_to_their_cell(tmp_path: Path) -> None:
    rows = read(tmp_path, 'a,b\r\n1,"line one\r\nline ""two"""\r\n2,y\r\n')
    assert values(rows) == ['line one\nline "two"', "y"]
    assert [row.number for row in rows if isinstance(row, Row)] == [2, 3]


def test_a_quotation_mark_never_closed_costs_one_row(tmp_path: Path) -> None:
    rows = read(tmp_path, 'a,b\n1,x\n2,"open\n3,y\n4,z\n')
    assert values(rows) == ["x", None, "y", "z"]
    assert isinstance(rows[1], RowProblem)
    assert "never closed" in rows[1].message
    assert rows[1].row == 3


def test_an_open_quote_before_a_long_file_is_given_up_at_the_cap(tmp_path: Path) -> None:
    lines = "".join(f"{number},v{number}\n" for number in range(200))
    rows = read(tmp_path, f'a,b\n0,"open\n{lines}', Limits(record_lines=50, rows=1_000))
    assert isinstance(rows[0], RowProblem)
    assert values(rows[1:]) == [f"v{number}" for number in range(200)]


def test_quotation_marks_that_never_close_do_not_make_the_work_quadratic(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n" + 'x","\n' * 200, Limits(record_lines=50, open_rows=10, rows=1_000))
    assert len(rows) == 11
    assert isinstance(rows[-1], RowProblem)
    assert "More than 10 rows" in rows[-1].message


def test_one_endless_line_does_not_fill_the_memory(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n1," + "x" * 50_000 + "\n2,y\n")
    assert isinstance(rows[0], RowProblem)
    assert values(rows[-1:]) == ["y"]


def test_a_long_cell_is_left_out(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n1," + "x" * 600 + "\n2,y\n")
    assert isinstance(rows[0], RowProblem)
    assert "longer than 500" in rows[0].message
    assert values(rows[1:]) == ["y"]


def test_rows_are_capped(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n" + "1,x\n" * 20)
    assert values(rows) == ["x"] * 10 + [None]
    assert "more than 10 rows" in rows[-1].message if isinstance(rows[-1], RowProblem) else False


def test_columns_are_capped(tmp_path: Path) -> None:
    with pytest.raises(CatalogueFileError, match="6 columns; 5 are allowed"):
        read(tmp_path, "a,b,c,d,e,f\n")


def test_too_many_cells_are_a_problem_and_too_few_are_blank(tmp_path: Path) -> None:
    rows = read(tmp_path, "a,b\n1,x,y\n2\n3,z,,\n")
    assert isinstance(rows[0], RowProblem)
    assert "3 cells under 2 columns" in rows[0].message
    assert values(rows[1:]) == ["", "z"]


def test_blank_rows_keep_their_numbers(tmp_path: Path) -> None:
    rows = read(tmp_path, "\n\na,b\n\n1,x\n,\n2,y\n")
    shown = [(row.number, row.get("b")) for row in rows if isinstance(row, Row) and not row.is_blank()]
    assert shown == [(5, "x"), (7, "y")]


def test_a_header_that_never_ends_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CatalogueFileError, match="never ends"):
        read(tmp_path, '"a,b\n' + "1,x\n" * 100)


def test_the_first_of_two_equal_columns_wins_and_names_ignore_case(tmp_path: Path) -> None:
    rows = read(tmp_path, "A,  Big   B ,a\n1,x,2\n")
    assert values(rows, "a") == ["1"]
    assert values(rows, "big b") == ["x"]
