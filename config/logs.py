"""How this process logs: JSON lines for machines, coloured ones for a person at a terminal."""

import sys
from typing import Any, cast

from config.env import refuse, text
from monitoring.requests.logs import LineFormatter, Lines, OnlyErrors, Style

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
# A line or two per call, with addresses in them.
_CHATTY = ("stripe", "httpx", "httpcore", "urllib3", "botocore", "boto3", "s3transfer", "kombu", "amqp", "PIL")
_WORKERS = ("supervise", "beat", "sweep")
# Handlers that these bring along would write beside ours, unmasked.
_WITH_OWN_HANDLERS = ("django", "_granian", "granian.access", "celery", "celery.task", "celery.redirected")


def logging_settings(*, process: str, debug: bool = False) -> dict[str, Any]:
    """For ``logging.config.dictConfig``: everything goes to standard error as lines. Reads LOG_FORMAT and LOG_LEVEL."""
    style, level = _style(debug=debug), _level()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": LineFormatter, "style": style, "process": _named(process)}},
        "filters": {"errors": {"()": OnlyErrors}},
        "handlers": {"stderr": {"()": Lines, "formatter": "line", "stream": "ext://sys.stderr"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            **{name: {"level": "WARNING"} for name in _CHATTY},
            **{name: {"handlers": [], "propagate": True} for name in _WITH_OWN_HANDLERS},
            # Answers have their line; what these would add is the address as it was typed.
            "django.request": {"level": "ERROR", "filters": ["errors"]},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": [], "propagate": False, "level": "CRITICAL"},
            # Statements with their values: for the developer's own database only.
            "django.db.backends": {"level": "DEBUG" if style == "console" else "WARNING"},
        },
    }


def _named(process: str) -> str:
    """Which of the workers this is: all of them have the same settings."""
    return next(filter(sys.argv[1:].__contains__, _WORKERS), process) if process == "worker" else process


def _style(*, debug: bool) -> Style:
    found = text("LOG_FORMAT", "console" if debug or sys.stderr.isatty() else "json").lower()
    if found not in ("json", "console"):
        refuse("LOG_FORMAT", "is neither json nor console.")
        return "json"
    return cast(Style, found)


def _level() -> str:
    found = text("LOG_LEVEL", "INFO").upper()
    if found not in LEVELS:
        refuse("LOG_LEVEL", f"is none of {', '.join(LEVELS)}.")
        return "INFO"
    return found
