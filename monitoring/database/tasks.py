"""Celery's part: forgets what is old."""

from celery import shared_task
from django.utils import timezone

from monitoring.database import services


@shared_task(name="database.prune", ignore_result=True)
def prune_slow_queries() -> int:
    """Deletes statements that have not been slow for long."""
    return services.prune(now=timezone.now())
