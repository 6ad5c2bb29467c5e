"""Every task has a queue by name, every queue a worker in the Procfile, and nothing runs by the clock but the one table."""

import re
from pathlib import Path

from celery import current_app
from celery.schedules import crontab
from django.conf import settings
from kombu import Consumer, Message, Producer, Queue

from config.beat import Scheduler
from config.embedded.demo import QUEUES as DEMO_QUEUES
from config.timetable import HEARTBEAT, JOBS, QUEUES, ROUTES, SENT
from monitoring.alerts.jobs import MOST_WAITING
from monitoring.health.checks import HEARTBEAT as CHECKED
from monitoring.jobs.task import HallTask
from monitoring.supervision.management.commands.supervise import delivers

PROCFILE = Path(settings.BASE_DIR, "Procfile")


def ours() -> set[str]:
    """The names of the hall's tasks."""
    current_app.loader.import_default_modules()
    return {name for name in current_app.tasks if not name.startswith(("celery.", "tests."))}


def consumed(text: str) -> list[str]:
    """The queues that the workers of a process file take from."""
    found = []
    for line in text.splitlines():
        if " celery " in line and " worker " in line:
            found += re.search(r"--queues ([a-z,]+)", line)[1].split(",")  # type: ignore[index]
    return found


def test_every_task_has_a_queue_by_name() -> None:
    assert ours() == set(ROUTES)
    assert {route["queue"] for route in ROUTES.values()} <= set(QUEUES)
    for name in ours():
        assert current_app.amqp.router.route({}, name)["queue"].name == ROUTES[name]["queue"]


def test_money_and_the_outbox_wait_for_nobody() -> None:
    for name in ("core.relay", "payments.process_inbox", "payments.perform_refunds"):
        assert ROUTES[name]["queue"] == "critical"
    for name in ("imports.fetch_pictures", "core.prune", "catalog.refresh_words"):
        assert ROUTES[name]["queue"] == "bulk"


def test_every_queue_has_a_worker_of_its_own() -> None:
    assert sorted(consumed(PROCFILE.read_text())) == sorted(QUEUES)
    assert sorted(consumed(PROCFILE.with_suffix(".dev").read_text())) == sorted(QUEUES)
    assert DEMO_QUEUES == QUEUES


def test_one_worker_takes_the_urgent_queue_first() -> None:
    assert QUEUES[0] == "critical"
    assert current_app.conf.broker_transport_options["queue_order_strategy"] == "priority"


def test_every_queue_is_watched() -> None:
    """Depth, age and alert of each; a heartbeat through each; the health check asks for it."""
    assert settings.HEALTH.queues == QUEUES
    assert set(MOST_WAITING) == set(QUEUES)
    assert {job.queue for job in JOBS if job.task_name == HEARTBEAT} == set(QUEUES)
    assert CHECKED == HEARTBEAT


def test_nothing_runs_by_the_clock_but_the_table() -> None:
    """A line in Celery's own schedule would have no owner row: put it into config.timetable."""
    assert current_app.conf.beat_schedule == {}
    assert current_app.conf.beat_scheduler == "config.beat:Scheduler"
    assert Scheduler(current_app).schedule in (None, {})
    current_app.add_periodic_task(crontab(), current_app.signature("core.prune"), name="past the table")
    assert Scheduler(current_app).schedule in (None, {})
    current_app.conf.beat_schedule.clear()


def test_every_job_runs_a_task_of_ours() -> None:
    names = ours()
    assert {job.task_name for job in JOBS} <= names
    assert not {job.task_name for job in JOBS if job.task_name != HEARTBEAT} & set(SENT)
    assert all(isinstance(current_app.tasks[job.task_name], HallTask) for job in JOBS)
    assert all(job.queue in QUEUES for job in JOBS)


def test_a_supervisor_blames_a_worker_for_its_own_queues_alone() -> None:
    assert delivers(["celery", "worker", "--queues", "critical"])
    assert delivers(["celery", "worker", "-Q", "bulk,critical"])
    assert delivers(["celery", "worker"])
    assert not delivers(["celery", "worker", "--queues=bulk"])
    assert not delivers(["celery", "worker", "-Q", "default", "--concurrency", "1"])


def test_a_flood_of_bulk_delays_nothing_critical() -> None:
    """Each queue is a list of its own; and a worker that takes from all of them takes the urgent one first."""
    queues = [Queue(f"tests.flood.{name}", routing_key=f"tests.flood.{name}") for name in QUEUES]
    critical, _, bulk = queues
    taken: list[str] = []
    with current_app.connection_for_write() as broker:
        channel = broker.default_channel
        with Producer(channel) as producer:
            for number in range(200):
                producer.publish({"n": number}, routing_key=bulk.name, declare=[bulk])
            producer.publish({"n": 0}, routing_key=critical.name, declare=[critical])
        try:
            assert channel.basic_get(critical.name, no_ack=True) is not None
            for _ in range(2):
                with Producer(channel) as producer:
                    producer.publish({"n": 0}, routing_key=critical.name, declare=[critical])
                channel.basic_qos(0, 1, False)
                with Consumer(channel, queues, callbacks=[lambda body, message: taken.append(_queue(message))]):
                    broker.drain_events(timeout=5)
        finally:
            for queue in queues:
                channel.queue_delete(queue.name)
    assert taken == [critical.name, critical.name]


def _queue(message: Message) -> str:
    message.ack()
    return str(message.delivery_info["routing_key"])
