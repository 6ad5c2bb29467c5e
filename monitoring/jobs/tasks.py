"""Celery's part: forgets what is old."""

from celery import shared_task
from django.utils import timezone

from monitoring.jobs import dispatch, poison, progress


@shared_task(name="jobs.prune", ignore_result=True)
def prune_jobs() -> int:
    """Deletes ended slots, settled dead letters and long jobs that are over."""
    now = timezone.now()
    return dispatch.prune(now=now) + poison.prune(now=now) + progress.prune(now=now)
