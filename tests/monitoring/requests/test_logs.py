"""Lines: one JSON object per event, whoever logs it, and no error of the log itself."""

import ast
import io
import json
import logging
import warnings
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import structlog

from monitoring.requests import ids, logs
from monitoring.requests.scrubber import is_known
from tests.monitoring.requests.lines import Log

logger = logging.getLogger("tests.logs")
ROOT = Path(__file__).resolve().parents[3]


def test_a_line_says_when_who_what_and_for_whom(log: Log) -> None:
    ids.begin("the-request-1", sweep="core.outbox")
    logger.warning("payment.stuck", extra={"payment_id": "p-1", "surprise": 1})
    (line,) = log.lines
    assert datetime.fromisoformat(line.pop("timestamp")).utcoffset() == timedelta(0)
    assert line == {
        "level": "warning",
        "logger": "tests.logs",
        "event": "payment.stuck",
        "request_id": "the-request-1",
        "process": "web",
        "payment_id": "p-1",
        "surprise": "[removed]",
        "sweep": "core.outbox",
    }


def test_structlog_writes_the_same(log: Log) -> None:
    ids.begin("the-request-1")
    bound = structlog.get_logger("tests.logs").bind(payment_id="p-1")
    bound.warning("payment.stuck", surprise=1)
    try:
        _ = 1 / 0
    except ZeroDivisionError:
        bound.exception("payment.broken")
    first, second = log.lines
    assert (first["event"], first["request_id"], first["payment_id"]) == ("payment.stuck", "the-request-1", "p-1")
    assert (first["logger"], first["level"], first["surprise"]) == ("tests.logs", "warning", "[removed]")
    assert "ZeroDivisionError" in second["exception"]


def test_a_traceback_has_its_causes_and_no_values(log: Log) -> None:
    def inner(local: str) -> None:
        raise KeyError("first")

    try:
        try:
            inner("value-of-a-variable")
        except KeyError as error:
            raise ValueError("second") from error
    except ValueError:
        logger.exception("it.failed")
    exception = log.lines[0]["exception"]
    assert exception.index("KeyError: 'first'") < exception.index("ValueError: second")
    assert log.text.count("value-of-a-variable") == 1, "the source line of the call, and no variable"


@pytest.mark.parametrize("given", [True, ValueError("direct"), None, False])
def test_exc_info_may_be_what_logging_takes(log: Log, given: bool | Exception | None) -> None:
    logger.error("it.failed", exc_info=given)
    assert log.lines[0].get("exception", "") == ("ValueError: direct" if isinstance(given, Exception) else "")


def test_what_cannot_be_written_is_said_in_a_word(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            if "log.failed" in text:
                return super().write(text)
            raise OSError("disk full")

    handler = logs.Lines(Broken())
    handler.setFormatter(logs.LineFormatter(style="json", process="web"))
    handler.handle(logging.makeLogRecord({"msg": "password=%s", "args": ("hunter2",), "name": "x"}))
    assert json.loads(handler.stream.getvalue()) == {"event": "log.failed"}
    assert capsys.readouterr().err == ""


def test_a_formatter_that_fails_says_so_and_no_more() -> None:
    class Evil:
        def __str__(self) -> str:
            raise RuntimeError("hunter2")

    line = logs.LineFormatter(style="json", process="web").format(logging.makeLogRecord({"msg": Evil(), "name": "x"}))
    assert json.loads(line) == {"event": "log.failed", "logger": "x", "error_type": "RuntimeError"}


def test_warnings_are_lines_too(log: Log) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = logging._showwarning  # type: ignore[attr-defined]
        warnings.warn("password=hunter2 is old", DeprecationWarning, stacklevel=1)
    (line,) = log.of("py.warnings")
    assert "DeprecationWarning" in line["event"]
    assert "hunter2" not in log.text


def test_lines_hold_nothing_but_ascii(log: Log) -> None:
    logger.error("naïve \u2028 line")
    assert log.text.isascii()
    assert log.text.count("\n") == 1
    # Not through a logger: pytest would report half a character, which xdist cannot send.
    record = logging.makeLogRecord({"name": "x", "msg": "half \ud800"})
    assert logs.LineFormatter(style="json", process="web").format(record).isascii()


def test_every_field_that_we_log_is_on_the_allow_list() -> None:
    """A field that is not would lose its value in production, and nobody would notice before it is needed."""
    unknown = []
    for floor in ("config", "payments", "marketplace", "monitoring"):
        for path in (ROOT / floor).rglob("*.py"):
            if "simulator" in path.parts:
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.keyword) and node.arg == "extra" and isinstance(node.value, ast.Dict):
                    names = [
                        str(key.value)
                        for key in node.value.keys
                        if isinstance(key, ast.Constant) and isinstance(key.value, str)
                    ]
                    unknown += [f"{path.relative_to(ROOT)}: {name}" for name in names if not is_known(name)]
    assert not unknown, f"add these to monitoring/requests/fields.py, or do not log them: {unknown}"
