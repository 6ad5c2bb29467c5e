"""Celery's part of the imports: pictures that stand somewhere else come in one by one."""

import time

from celery import shared_task
from django.utils import timezone

from marketplace.imports import pictures
from marketplace.imports.fetching import Door

BUDGET_SECONDS = 25.0  # below the beat of 30, so that pictures keep one worker busy at most


@shared_task(name="imports.fetch_pictures", ignore_result=True)
def fetch_pictures(budget: float = BUDGET_SECONDS) -> int:
    """Fetches what is due until nothing is left or the time is used up; returns how many were tried."""
    pictures.bury(now=timezone.now())
    door = Door()
    ends = time.monotonic() + budget
    tried = 0
    while time.monotonic() < ends and pictures.fetch_one(now=timezone.now(), door=door):
        tried += 1
    return tried
