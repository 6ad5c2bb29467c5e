"""Celery's part of the outbox: a wake-up call after each commit."""

from celery import shared_task
from django.utils import timezone

from marketplace.core import services


@shared_task(name="core.relay", ignore_result=True)
def relay_outbox() -> int:
    """Delivers what is due now."""
    return services.relay(now=timezone.now())


@shared_task(name="core.prune", ignore_result=True)
def prune_outbox() -> int:
    """Deletes events that were delivered long ago."""
    return services.prune(now=timezone.now())
