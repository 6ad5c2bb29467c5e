"""Log lines: one JSON object per event, whoever logs it, with the id of the work at hand and nothing that must not be seen.

Everything of the standard library's logging (ours, Django's, Celery's, granian's) and of structlog ends in ``LineFormatter``.
``logger.info("event.name", extra={…})`` is how we log: the event is a constant, the fields are on the allow-list.
"""

import json
import logging
import sys
import threading
import traceback
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, Literal, TypeAlias, cast

import structlog
from structlog.typing import EventDict, WrappedLogger

from monitoring.requests import ids
from monitoring.requests.scrubber import scrub_fields, scrub_text

Style: TypeAlias = Literal["json", "console"]
ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None]

# What a record has besides what its author gave it.
_OF_RECORDS: Final = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName"}
# What frameworks hang on their records, in whole objects: not worth a field that says "removed".
_OF_FRAMEWORKS: Final = frozenset({"request", "server_time", "data", "params", "sql", "alias", "color_message"})
# Django writes the address into these, and an address may open something; the route stands in the request's own line.
_EVENTS: Final = {"django.request": "request.failed", "django.security.csrf": "csrf.refused"}
# Celery's complaints about messages it cannot read go on with the whole message, arguments included.
_WITH_BODIES: Final = "celery.worker.consumer"
_ENCODE: Final = json.JSONEncoder(default=str, ensure_ascii=True).encode
_CONTROLS: Final = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160), 0x2028, 0x2029)}


class LineFormatter(structlog.stdlib.ProcessorFormatter):
    """Turns records into lines. ``process`` is the kind of this process (web, worker, …). Never raises."""

    def __init__(self, *, style: Style, process: str) -> None:
        self.process, self.style = process, style
        last = _json if style == "json" else _Console()
        super().__init__(processors=[self._line, last], foreign_pre_chain=[_extras])

    def format(self, record: logging.LogRecord) -> str:
        try:
            return super().format(_printable(record))
        except Exception as error:  # noqa: BLE001 - whatever it is: the log of an error must not be the next error
            return _json(None, "", {"event": "log.failed", "logger": record.name, "error_type": type(error).__name__})

    def _line(self, _: WrappedLogger, __: str, event: EventDict) -> EventDict:
        record: logging.LogRecord = event.pop("_record")
        event.pop("_from_structlog")
        error, stack = _exc_info(event.pop("exc_info", None)), event.pop("stack_info", None)
        line: EventDict = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": scrub_text(_event(record, str(event.pop("event", "")))),
            "request_id": ids.current(),
            "process": self.process,
        }
        # A field of the call may not pretend to be one of ours.
        for name, value in scrub_fields({**event, **ids.facts()}).items():
            line.setdefault(name, value)
        if error is not None:
            line["exception"] = scrub_text(_trace(error))
        if stack:
            line["stack"] = scrub_text(str(stack))
        return line


class OnlyErrors(logging.Filter):
    """Lets records with an error through: of every other bad answer the request's own line tells."""

    def filter(self, record: logging.LogRecord) -> bool:
        return bool(record.exc_info)


class Lines(logging.StreamHandler[Any]):
    """Writes lines. When that fails it says so in one word: Python's own handler would print the arguments."""

    def write_ready(self, line: str) -> None:
        """Writes a line that is one already."""
        self.acquire()
        try:
            self.stream.write(line + self.terminator)
            self.flush()
        except Exception:  # noqa: BLE001 - a full disk costs lines, never an answer
            self.handleError(_NOTHING)
        finally:
            self.release()

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - Python's name
        # The stream itself may be gone: then there is nowhere left to say it.
        with suppress(Exception):
            self.stream.write('{"event": "log.failed"}\n')


_NOTHING: Final = logging.makeLogRecord({})


def json_lines() -> tuple[Lines, LineFormatter] | None:
    """The one place where everything is written as JSON; None where lines go elsewhere too, or look otherwise."""
    handlers = logging.getLogger().handlers
    if len(handlers) != 1 or type(handlers[0]) is not Lines or handlers[0].filters:
        return None
    formatter = handlers[0].formatter
    return (handlers[0], formatter) if isinstance(formatter, LineFormatter) and formatter.style == "json" else None


def take_over() -> None:
    """Lets ``structlog.get_logger()`` and ``warnings`` write the same lines."""
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def watch_crashes() -> None:
    """What ends a process or a thread is logged like any error; Python itself would print it unmasked."""
    sys.excepthook = _crashed
    threading.excepthook = lambda args: (
        None
        if args.exc_value is None or args.exc_type is SystemExit
        else _crashed(args.exc_type, args.exc_value, args.exc_traceback)
    )


def _crashed(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    if any(isinstance(handler, Lines) for handler in logging.getLogger().handlers):
        logging.getLogger(__name__).critical("process.crashed", exc_info=(kind, error, trace))
    else:
        # Before the settings stand: whoever starts the process reads this, and nobody else.
        sys.stderr.write(scrub_text(_trace((kind, error, trace))) + "\n")


def _printable(record: logging.LogRecord) -> logging.LogRecord:
    """The record, without its arguments when they do not fit its text."""
    if not record.args:
        return record
    try:
        record.getMessage()
    except Exception:  # noqa: BLE001 - a wrong number of arguments, or one that cannot be shown
        record = logging.makeLogRecord(record.__dict__ | {"args": ()})
    return record


def _extras(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    record: logging.LogRecord = event["_record"]
    for name, value in record.__dict__.items():
        if name not in _OF_RECORDS and name not in _OF_FRAMEWORKS:
            event.setdefault(name, value)
    return event


def _event(record: logging.LogRecord, event: str) -> str:
    if record.name.startswith(_WITH_BODIES):
        return event.partition("\n")[0].partition(" [type:")[0]
    return _EVENTS.get(record.name, event)


def _exc_info(given: object) -> ExcInfo | None:
    """What loggers take as ``exc_info``: True, an error or a triple."""
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    found = given if isinstance(given, tuple) else sys.exc_info() if given else (None, None, None)
    return cast(ExcInfo, found) if found[0] is not None else None


def _trace(error: ExcInfo) -> str:
    """The traceback with its causes, without the values of local variables."""
    return "".join(traceback.TracebackException(*error, capture_locals=False, compact=True).format()).rstrip()


def _json(_: WrappedLogger, __: str, event: EventDict) -> str:
    # ASCII only: no character of a value ends a line or changes a terminal.
    return _ENCODE(event)


class _Console:
    """Lines for people at a terminal."""

    def __init__(self) -> None:
        self._render = structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> str:
        shown = {
            key: value.translate(_CONTROLS) if isinstance(value, str) and key not in _MULTILINE else value
            for key, value in event.items()
        }
        for key in _MULTILINE & shown.keys():
            # Indented, so that a line of a message cannot look like a line of the log.
            shown[key] = "".join(f"\n    {line.translate(_CONTROLS)}" for line in str(shown[key]).splitlines())
        return self._render(logger, name, shown)


_MULTILINE: Final = frozenset({"exception", "stack"})


def fields_of(line: str) -> Mapping[str, object]:
    """The fields of a JSON line, for whoever reads them back."""
    return cast(Mapping[str, object], json.loads(line))
