"""Housekeeping of carts."""

from celery import shared_task
from django.utils import timezone

from marketplace.carts import services


@shared_task(name="carts.prune", ignore_result=True)
def prune_carts() -> int:
    """Deletes guests' carts whose cookie has expired."""
    return services.prune(now=timezone.now())
