"""What the watch over errors and statements needs to know: the release, Sentry's options, and what counts as slow."""

from typing import Any
from urllib.parse import urlsplit

from config.env import number, refuse, text


def release() -> str:
    """The version that runs, as RELEASE says; it stands in error reports."""
    return text("RELEASE", "")


def slow_query_ms() -> int:
    """A statement that takes at least so many milliseconds is written down."""
    return number("SLOW_QUERY_MS", 500, least=1)


def sentry(environment: str) -> dict[str, Any] | None:
    """Options of ``sentry_sdk.init``, None without SENTRY_DSN.

    Nothing is collected by itself: what is sent are stored, scrubbed reports. So there are no integrations but the one that
    flushes at the end of the process, no traces, no bodies, no local variables and no user data.
    """
    dsn = text("SENTRY_DSN", None)
    if dsn is None:
        return None
    if not _is_dsn(dsn):
        refuse("SENTRY_DSN", "must look like https://key@host/project: copy it from the project's settings in Sentry.")
        return None
    from sentry_sdk.integrations.atexit import AtexitIntegration

    return {
        "dsn": dsn,
        "release": release() or None,
        "environment": environment,
        "default_integrations": False,
        "auto_enabling_integrations": False,
        "integrations": [AtexitIntegration(callback=lambda pending, timeout: None)],
        # Unset is off; the option itself is on its way out.
        "send_default_pii": None,
        "max_request_body_size": "never",
        "include_local_variables": False,
        "include_source_context": False,
        "max_breadcrumbs": 0,
        "traces_sample_rate": 0.0,
        "auto_session_tracking": False,
        "send_client_reports": False,
        "server_name": "hall",
        "transport_queue_size": 100,
        "shutdown_timeout": 2,
    }


def _is_dsn(dsn: str) -> bool:
    try:
        parts = urlsplit(dsn)
        return parts.scheme in ("http", "https") and bool(parts.username and parts.hostname and parts.path.strip("/"))
    except ValueError:
        return False
