"""Health check of the inbox: whether what the provider reports is being processed."""

from datetime import UTC, datetime

from marketplace.core.health import backlog
from monitoring.health.registry import Check, register
from payments.webhooks import waiting


def register_checks() -> None:
    """Called when the process starts."""
    register(Check("inbox", run=lambda: backlog(waiting, now=datetime.now(UTC)), lane="database"))
