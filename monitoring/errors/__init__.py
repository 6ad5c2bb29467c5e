"""Errors: captured without waiting, scrubbed, grouped, stored, forwarded."""

from monitoring.errors.capture import report

__all__ = ["report"]
