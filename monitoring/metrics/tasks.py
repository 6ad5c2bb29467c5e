"""Celery's part: old samples go once an hour."""

from celery import shared_task
from django.utils import timezone

from monitoring.metrics import services


@shared_task(name="metrics.prune", ignore_result=True)
def prune_samples() -> int:
    """Deletes samples that are older than 30 days."""
    return services.prune(now=timezone.now())
