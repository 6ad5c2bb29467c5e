"""Celery's part: wake-up calls. Losing one costs the second until the next sweep."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from payments import audit, reconciliation, sweeping

logger = logging.getLogger(__name__)


@shared_task(name="payments.process_inbox", ignore_result=True)
def process_inbox() -> int:
    """Processes what the provider has just reported."""
    return sweeping.process_inbox(timezone.now())


@shared_task(name="payments.perform_refunds", ignore_result=True)
def perform_refunds() -> int:
    """Sends the refunds that are due."""
    return sweeping.perform_refunds(timezone.now())


@shared_task(name="payments.reconcile", ignore_result=True)
def reconcile() -> int:
    """Fetches events that never arrived, compares with the provider's list and repairs what can be repaired.

    Returns how many differences are left; each is logged as an error.
    """
    now, window = timezone.now(), timedelta(days=3)
    reconciliation.fetch_lost_events(now=now, window=window)
    settled = now - audit.QUIET
    reconciliation.repair(reconciliation.compare(now=now, settled=settled, window=window), now=now)
    left = reconciliation.compare(now=now, settled=settled, window=window)
    for drift in left:
        logger.error("reconcile.drift", extra={"row": drift.row, "problem": drift.problem})
    return len(left)
