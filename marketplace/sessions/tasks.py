"""Celery's part: sessions that are over are deleted every six hours."""

from celery import shared_task
from django.utils import timezone

from marketplace.sessions import services


@shared_task(name="sessions.prune", ignore_result=True)
def prune_sessions() -> int:
    """Deletes what is over."""
    return services.prune(now=timezone.now())
