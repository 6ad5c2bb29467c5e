"""Celery's way into the rates."""

from celery import shared_task
from django.utils import timezone

from marketplace.rates import services


@shared_task(name="rates.poll", soft_time_limit=50, time_limit=60)
def poll() -> int:
    """Asks for new rates when they are due; the timetable's next run is the retry."""
    return services.poll_if_due(now=timezone.now())
