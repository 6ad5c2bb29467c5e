"""Celery's part of the outbox: a wake-up call after each commit."""

from celery import shared_task
from django.utils import timezone

from marketplace.core import partitions, services


@shared_task(name="core.relay", ignore_result=True)
def relay_outbox() -> int:
    """Delivers what is due now."""
    return services.relay(now=timezone.now())


@shared_task(name="core.prune", ignore_result=True)
def prune_outbox() -> int:
    """Deletes events that were delivered long ago."""
    return services.prune(now=timezone.now())


@shared_task(name="core.partitions", ignore_result=True)
def keep_partitions() -> int:
    """Makes the months ahead of every partitioned table, then drops those past retention. Returns how many it made."""
    now = timezone.now()
    made = partitions.ensure(now)
    partitions.drop_expired(now)
    return len(made)
