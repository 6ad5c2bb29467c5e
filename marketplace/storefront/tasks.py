"""Celery's part of the storefront: pages are warmed beside everything else."""

from celery import shared_task
from django.utils import timezone

from marketplace.storefront import warming


@shared_task(name="storefront.warm", ignore_result=True)
def warm() -> int:
    """Loads what most people look at."""
    return warming.warm(now=timezone.now())
