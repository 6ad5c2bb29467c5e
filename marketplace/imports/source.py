"""From bytes to text: compression, encodings and what only looks like a CSV file."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.limits import Limits

CHUNK = 256 * 1024
GZIP_MAGIC = b"\x1f\x8b"
_QUOTED = re.compile(rb'"[^"]*"')
_BROKEN = re.compile("[\udc80-\udcff]")
_BEYOND_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
_NOT_CSV = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive: save the sheet as CSV, or unpack it first"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook: save the sheet as CSV"),
    (b"%PDF", "a PDF: export the products as CSV"),
    (b"\x89PNG", "a picture: export the products as CSV"),
    (b"\xff\xd8\xff", "a picture: export the products as CSV"),
)
_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A file whose encoding is known and whose size has been checked to its end. ``rows`` below the header, about."""

    path: Path
    encoding: str
    size: int
    compressed: bool
    rows: int = 0


class _CappedReader(io.RawIOBase):
    """Hands on decompressed bytes until a cap of size or of ratio is passed."""

    def __init__(self, raw: IO[bytes], stream: IO[bytes], limits: Limits, *, compressed: bool) -> None:
        self._raw = raw
        self._stream = stream
        self._limits = limits
        self._compressed = compressed
        self._seen = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        try:
            data = self._stream.read(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise CatalogueFileError(f"The compressed file is damaged ({error}): download it again.") from error
        self._seen += len(data)
        if self._seen > self._limits.file_bytes:
            raise CatalogueFileError(
                f"The file holds more than {self._limits.file_bytes // (1024 * 1024)} MiB: split it into several files."
            )
        if self._compressed and self._seen > self._limits.gzip_grace_bytes:
            packed = max(1, self._raw.tell())
            if self._seen > packed * self._limits.gzip_ratio:
                raise CatalogueFileError(
                    f"The file unpacks to more than {self._limits.gzip_ratio} times its size: send it uncompressed."
                )
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _open_bytes(path: Path, limits: Limits) -> Iterator[io.BufferedReader]:
    with path.open("rb") as raw:
        compressed = raw.read(2) == GZIP_MAGIC
        raw.seek(0)
        stream: IO[bytes] = gzip.GzipFile(fileobj=raw) if compressed else raw  # type: ignore[assignment]
        yield io.BufferedReader(_CappedReader(raw, stream, limits, compressed=compressed), CHUNK)


def inspect(path: Path, limits: Limits, *, encoding: str = "") -> Source:
    """Read the file once to its end: size, damage and encoding are known before a row is used.

    Raises CatalogueFileError when it is missing, empty, too large, damaged, or no text.
    """
    if not path.is_file():
        raise CatalogueFileError(f"There is no file {path}: check the path.")
    with _open_bytes(path, limits) as stream:
        head = stream.peek(4096)[:4096]
        if not head.strip(b"\xef\xbb\xbf \t\r\n"):
            raise CatalogueFileError(f"The file {path.name} is empty: export the products again.")
        _refuse_other_kinds(head)
        found, size, rows = _detect(stream, head)
    return Source(path, encoding or found, size, _is_compressed(path), rows)


@contextmanager
def open_text(source: Source, limits: Limits) -> Iterator[io.TextIOWrapper]:
    """Text with its line ends untouched. Undecodable bytes arrive as lone surrogates, so one row carries the blame."""
    wide = source.encoding.startswith(("utf-16", "utf-32"))
    with _open_bytes(source.path, limits) as stream:
        try:
            text = io.TextIOWrapper(
                stream, encoding=source.encoding, errors="replace" if wide else "surrogateescape", newline=""
            )
        except LookupError as error:
            raise CatalogueFileError(f"No encoding is called {source.encoding!r}: try utf-8 or cp1252.") from error
        yield text


def _is_compressed(path: Path) -> bool:
    with path.open("rb") as raw:
        return raw.read(2) == GZIP_MAGIC


def _refuse_other_kinds(head: bytes) -> None:
    for magic, what in _NOT_CSV:
        if head.startswith(magic):
            raise CatalogueFileError(f"This is {what}.")
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:15].lower()
    if start.startswith((b"<!doctype", b"<html", b"<?xml")):
        raise CatalogueFileError("This is a web page or XML, not a CSV file: export the products as CSV.")
    if start.startswith((b"{", b"[")):
        raise CatalogueFileError("This is JSON, not a CSV file: export the products as CSV.")


class _LineCount:
    """Ends of lines outside quotation marks: how many rows a file has, before one is read."""

    def __init__(self) -> None:
        self.lines, self._quoted, self._ended = 0, False, True

    def feed(self, chunk: bytes) -> None:
        """The next bytes."""
        self._ended = chunk.endswith((b"\n", b"\n\x00"))
        if self._quoted:
            _, mark, chunk = chunk.partition(b'"')
            if not mark:
                return
        outside, mark, _ = _QUOTED.sub(b"", chunk).partition(b'"')
        self._quoted = bool(mark)
        self.lines += outside.count(b"\n")

    def rows(self) -> int:
        """Without the header; 0 when nobody can tell."""
        return max(0, self.lines - self._ended)


def _detect(stream: io.BufferedReader, head: bytes) -> tuple[str, int, int]:
    """The encoding, the size in bytes and about how many rows; reads the stream to its end."""
    named = next((name for bom, name in _BOMS if head.startswith(bom)), None) or _wide_without_bom(head)
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    size = good = broken = 0
    count = _LineCount()
    while chunk := stream.read(CHUNK):
        size += len(chunk)
        count.feed(chunk)
        if named is None and not (chunk.isascii() and not decoder.getstate()[0]):
            text = decoder.decode(chunk)
            broken += len(_BROKEN.findall(text))
            good += len(_BEYOND_ASCII.findall(text))
    if named is not None:
        return named, size, count.rows()
    # A few broken bytes among many good sequences are damage; mostly broken ones are another encoding.
    return ("utf-8" if broken <= good else "cp1252"), size, count.rows()


def _wide_without_bom(head: bytes) -> str | None:
    """UTF-16 without its mark shows as a zero in every other byte of Latin text."""
    if b"\x00" not in head:
        return None
    pairs = max(1, len(head) // 2)
    if head[1::2].count(0) > pairs * 0.3 and head[0::2].count(0) < pairs * 0.05:
        return "utf-16-le"
    if head[0::2].count(0) > pairs * 0.3 and head[1::2].count(0) < pairs * 0.05:
        return "utf-16-be"
    raise CatalogueFileError("The file holds binary data, not text: save the products as CSV (UTF-8).")
