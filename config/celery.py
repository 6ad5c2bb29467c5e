"""Celery: the application and what its processes do at their beginning and end."""

import os

from config.metrics import prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PROCESS_KIND", "worker")
os.environ.update(prepare(os.environ["PROCESS_KIND"]))


from logging.config import dictConfig

from celery import Celery, signals
from django.conf import settings
from django.db import close_old_connections

from config import timetable
from config.broker_policy import refuse_forgetful_broker
from config.env import BadEnvironment
from monitoring import background
from monitoring.requests import logs

# Every task is a HallTask: its slot is claimed and its deliveries are counted, whoever wrote it.
app = Celery("awning", task_cls="monitoring.jobs.task:HallTask")
app.config_from_object("config.broker")
# What runs by the clock, and each task's queue: config.timetable. Celery's own schedule stays empty.
app.conf.task_routes = timetable.ROUTES
app.autodiscover_tasks()


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


@signals.worker_shutting_down.connect
def note_handed_back(**kwargs: object) -> None:
    """What goes back to the broker now was not lost. Imported here: it needs the applications."""
    from monitoring.jobs.handing import note_handed_back

    note_handed_back()


@signals.worker_process_shutdown.connect
def finish_background(**kwargs: object) -> None:
    """Writes down what is left before the process ends."""
    background.finish(1.0)
