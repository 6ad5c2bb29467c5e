"""Celery's part: stores what processes hand on, forwards it, forgets what is old."""

from celery import shared_task
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from monitoring.errors import forwarding, services
from monitoring.errors.batches import BatchRecord

STORE = "errors.store"


@shared_task(
    name=STORE,
    ignore_result=True,
    # The database may be restarting; afterwards the batch is still worth storing.
    autoretry_for=(OperationalError, InterfaceError),
    max_retries=5,
    retry_backoff=2,
    retry_backoff_max=60,
)
def store_errors(batch: BatchRecord) -> bool:
    """Stores one batch, at most once. Sentry is another task's: storing must not wait for it."""
    return services.store(batch, now=timezone.now())


@shared_task(name="errors.forward", ignore_result=True)
def forward_errors() -> int:
    """Forwards what was stored since the last time."""
    return forwarding.forward(now=timezone.now())


@shared_task(name="errors.prune", ignore_result=True)
def prune_errors() -> int:
    """Deletes what is older than its retention."""
    return services.prune(now=timezone.now())
