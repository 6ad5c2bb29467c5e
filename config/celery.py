"""Celery: the application, its queues and the one beat table."""

import os

from config.metrics import prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PROCESS_KIND", "worker")
os.environ.update(prepare(os.environ["PROCESS_KIND"]))


from logging.config import dictConfig

from celery import Celery, signals
from django.conf import settings
from django.db import close_old_connections

from config.broker_policy import refuse_forgetful_broker
from config.env import BadEnvironment
from monitoring import background
from monitoring.requests import logs

app = Celery("awning")
app.config_from_object("config.broker")
app.autodiscover_tasks()

HOUR = 3600.0
app.conf.beat_schedule = {
    # A worker that consumes says so: see monitoring.supervision.consumption.
    "supervision.heartbeat": {"task": "supervision.heartbeat", "schedule": 10.0, "options": {"expires": 10.0}},
    "supervision.prune": {"task": "supervision.prune", "schedule": HOUR, "options": {"expires": HOUR}},
    "rates.poll": {"task": "rates.poll", "schedule": 30.0, "options": {"expires": 30.0}},
    "imports.fetch_pictures": {"task": "imports.fetch_pictures", "schedule": 30.0, "options": {"expires": 30.0}},
    "core.prune": {"task": "core.prune", "schedule": HOUR, "options": {"expires": HOUR}},
    "core.partitions": {"task": "core.partitions", "schedule": HOUR, "options": {"expires": HOUR}},
    "catalog.refresh_words": {"task": "catalog.refresh_words", "schedule": HOUR, "options": {"expires": HOUR}},
    "payments.reconcile": {"task": "payments.reconcile", "schedule": 6 * HOUR, "options": {"expires": HOUR}},
    "carts.prune": {"task": "carts.prune", "schedule": HOUR, "options": {"expires": HOUR}},
    "errors.forward": {"task": "errors.forward", "schedule": 30.0, "options": {"expires": 30.0}},
    "errors.prune": {"task": "errors.prune", "schedule": HOUR, "options": {"expires": HOUR}},
    "database.prune": {"task": "database.prune", "schedule": HOUR, "options": {"expires": HOUR}},
    "metrics.prune": {"task": "metrics.prune", "schedule": HOUR, "options": {"expires": HOUR}},
}


@signals.setup_logging.connect
def keep_our_logs(**kwargs: object) -> None:
    """Celery would add handlers of its own, and write past ours."""
    dictConfig(settings.LOGGING)
    logs.watch_crashes()


@signals.worker_init.connect
@signals.beat_init.connect
def refuse_to_forget(**kwargs: object) -> None:
    """Celery catches what its signals raise, but not this."""
    try:
        refuse_forgetful_broker()
    except BadEnvironment as error:
        raise SystemExit(str(error)) from None


@signals.task_prerun.connect
def drop_dead_connections(**kwargs: object) -> None:
    """A worker that outlives a database restart must not fail its first task."""
    close_old_connections()


@signals.worker_process_init.connect
@signals.beat_init.connect
def start_background(**kwargs: object) -> None:
    """In the processes that work; the one that forks them has no threads, which a fork would cut in half."""
    background.start()


@signals.worker_process_shutdown.connect
def finish_background(**kwargs: object) -> None:
    """Writes down what is left before the process ends."""
    background.finish(1.0)
