"""Celery: the application, its queues and the one beat table."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PROCESS_KIND", "worker")

from celery import Celery, signals
from django.db import close_old_connections

app = Celery("awning")
app.config_from_object("config.broker")
app.autodiscover_tasks()

HOUR = 3600.0
app.conf.beat_schedule = {
    "imports.fetch_pictures": {"task": "imports.fetch_pictures", "schedule": 30.0, "options": {"expires": 30.0}},
    "core.prune": {"task": "core.prune", "schedule": HOUR, "options": {"expires": HOUR}},
    "catalog.refresh_words": {"task": "catalog.refresh_words", "schedule": HOUR, "options": {"expires": HOUR}},
    "payments.reconcile": {"task": "payments.reconcile", "schedule": 6 * HOUR, "options": {"expires": HOUR}},
    "carts.prune": {"task": "carts.prune", "schedule": HOUR, "options": {"expires": HOUR}},
    "metrics.prune": {"task": "metrics.prune", "schedule": HOUR, "options": {"expires": HOUR}},
}


@signals.task_prerun.connect
def drop_dead_connections(**kwargs: object) -> None:
    """A worker that outlives a database restart must not fail its first task."""
    close_old_connections()
