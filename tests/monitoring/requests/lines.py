"""What the log's handler writes, as text and as fields."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from monitoring.requests.logs import LineFormatter, Lines, Style


@dataclass(frozen=True)
class Log:
    """What was logged while it was open."""

    stream: io.StringIO

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, logger: str) -> list[dict[str, Any]]:
        """The lines of one logger."""
        return [line for line in self.lines if line["logger"] == logger]

    @property
    def visits(self) -> list[dict[str, Any]]:
        """The lines of requests."""
        return self.of("monitoring.requests.access")


@contextmanager
def logged(*, style: Style = "json", level: int = logging.DEBUG) -> Iterator[Log]:
    """Everything that reaches the root logger, in lines as production writes them."""
    root, handler = logging.getLogger(), Lines(io.StringIO())
    handler.setFormatter(LineFormatter(style=style, process="web"))
    before = root.level
    root.addHandler(handler)
    root.setLevel(level)
    try:
        yield Log(handler.stream)
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
