"""Celery's part: wake-up calls. Losing one costs the second until the next sweep."""

from celery import shared_task
from django.utils import timezone

from payments import refunds, webhooks


@shared_task(name="payments.process_inbox", ignore_result=True)
def process_inbox() -> int:
    """Processes what the provider has just reported."""
    return webhooks.process_inbox(now=timezone.now())


@shared_task(name="payments.perform_refunds", ignore_result=True)
def perform_refunds() -> int:
    """Sends the refunds that are due."""
    return refunds.perform_refunds(now=timezone.now())
