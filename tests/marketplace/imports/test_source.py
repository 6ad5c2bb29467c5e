import gzip
import os
from pathlib import Path

import pytest

from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.limits import Limits
from marketplace.imports.source import inspect, open_text

LIMITS = Limits()
TEXT = "Handle,Title\ncafe,Café crème – 5 €\n"


def read(path: Path, limits: Limits = LIMITS) -> str:
    with open_text(inspect(path, limits), limits) as stream:
        return stream.read()


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "ascii"]
)
def test_encodings_are_found_out(tmp_path: Path, encoding: str) -> None:
    text = TEXT if encoding != "ascii" else "Handle,Title\na,b\n"
    path = tmp_path / "file.csv"
    path.write_bytes(text.encode(encoding))
    assert read(path) == text


def test_an_accent_across_two_blocks_is_still_utf8(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(b"a" * (256 * 1024 - 1) + "é".encode() + b"\n")
    assert inspect(path, LIMITS).encoding == "utf-8"


def test_one_broken_byte_does_not_turn_utf8_into_something_else(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes("Title\nCafé\nThé\nZoë\n".encode() + b"broken \xff\n")
    assert "Café" in read(path)
    assert "\udcff" in read(path)


def test_gzip_is_known_by_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(TEXT.encode()))
    assert read(path) == TEXT


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.csv.gz"
    path.write_bytes(gzip.compress(b"Handle,Title\n" + b"a" * 8_000_000, 9))
    with pytest.raises(CatalogueFileError, match="unpacks to more than 200 times"):
        inspect(path, LIMITS)


def test_a_large_real_file_may_be_compressed(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(b"Handle,Title\n" + os.urandom(2_000_000).hex().encode()))
    assert inspect(path, LIMITS).size > 4_000_000


def test_bytes_are_capped_after_decompression(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(3_000_000).hex().encode()))
    with pytest.raises(CatalogueFileError, match="more than 2 MiB"):
        inspect(path, Limits(file_bytes=2 * 1024 * 1024))


def test_a_damaged_archive_says_so(tmp_path: Path) -> None:
    path = tmp_path / "file.csv.gz"
    path.write_bytes(gzip.compress(os.urandom(500_000).hex().encode())[:-2000])
    with pytest.raises(CatalogueFileError, match="damaged"):
        inspect(path, LIMITS)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\r\n", "is empty"),
        (b"PK\x03\x04rest", "Excel workbook or a zip"),
        (b"\xd0\xcf\x11\xe0rest", "old Excel"),
        (b"%PDF-1.7", "a PDF"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b'\xef\xbb\xbf[{"id": 1}]', "JSON"),
        (b"\x00\x01\x02\x00\x00\x00\x00\x01" * 100, "binary data"),
    ],
)
def test_what_is_no_csv_is_named(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    with pytest.raises(CatalogueFileError, match=says):
        inspect(path, LIMITS)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CatalogueFileError, match="no file"):
        inspect(tmp_path / "nowhere.csv", LIMITS)


def test_an_unknown_encoding_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file.csv"
    path.write_text("Handle\n")
    source = inspect(path, LIMITS, encoding="klingon")
    with pytest.raises(CatalogueFileError, match="klingon"), open_text(source, LIMITS):
        pass


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (b"h\n1\n2\n3\n", 3),
        (b"h\r\n1\r\n2", 2),
        (b'h\n"one\nfield"\n"and ""two"" in\nanother",x\n', 2),
        (b'h\n"' + b"a" * (256 * 1024 - 4) + b'\nsame field"\n2\n', 2),
        (b'h\n"' + b"a\n" * 400_000 + b'"\n2\n', 2),
        (b"h\n", 0),
        ("h\n1\n2\n".encode("utf-16"), 2),
    ],
)
def test_rows_are_counted_before_they_are_read(tmp_path: Path, content: bytes, rows: int) -> None:
    path = tmp_path / "file.csv"
    path.write_bytes(content)
    assert inspect(path, LIMITS).rows == rows
