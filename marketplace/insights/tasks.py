"""The rounds of beat: most find nothing to do. Two at once are harmless, one lost round costs half a minute."""

from celery import shared_task
from django.utils import timezone

from marketplace.insights import services


@shared_task(name="insights.refresh", ignore_result=True)
def refresh() -> None:
    """Refreshes the views that are dirty and due."""
    services.refresh_due(now=timezone.now())
