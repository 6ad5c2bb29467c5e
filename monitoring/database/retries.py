"""Transactions that PostgreSQL asked to run again: how many, why, and how it ended."""

from typing import Literal

from monitoring.metrics.instruments import counter

_REASONS = {"40001": "serialization", "40P01": "deadlock"}

retries_total = counter(
    "transaction_retries", "Transactions that PostgreSQL ended and asked to run again.", ["reason", "outcome"]
)


def ended(state: str, outcome: Literal["again", "gave_up"]) -> None:
    """Counts one transaction that ended with this SQLSTATE: it runs again, or its caller is told."""
    retries_total.labels(_REASONS.get(state, "other"), outcome).inc()
