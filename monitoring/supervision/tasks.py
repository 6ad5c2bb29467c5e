"""Celery's part: the sign of life that a worker gives by consuming, and the pruning."""

from celery import shared_task
from django.utils import timezone

from monitoring.supervision import services


@shared_task(name="supervision.heartbeat", ignore_result=True)
def heartbeat() -> None:
    """Whoever runs this is a worker that consumes."""
    services.note(kind="worker", now=timezone.now())


@shared_task(name="supervision.prune", ignore_result=True)
def prune() -> int:
    """Clears old rows away."""
    return services.prune(now=timezone.now())
