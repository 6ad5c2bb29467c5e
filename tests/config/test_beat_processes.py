"""Two real beats: one sends; killed, the other takes over within its lease, and no slot is sent twice."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from django.conf import settings

from monitoring.jobs.models import JobRun, Lease
from monitoring.supervision.models import Heartbeat
from tests.monitoring.supervision.running import Program, until

pytestmark = pytest.mark.django_db(transaction=True)

BEAT = ["-m", "celery", "-A", "config.celery", "beat", "--loglevel", "INFO", "--pidfile="]
LEASE = 2.0


@pytest.fixture
def beats(tmp_path: Path) -> Iterator[dict[int, Program]]:
    take_messages()
    environ = {"PROCESS_KIND": "worker", "BEAT_LEASE": f"{LEASE:g}"}
    with Program(BEAT, tmp_path / "one", **environ) as one, Program(BEAT, tmp_path / "other", **environ) as other:
        yield {program.process.pid: program for program in (one, other)}
    take_messages()


def take_messages() -> list[tuple[str, str]]:
    """The job and the slot of every message at the broker, which has none afterwards."""
    found = []
    with current_app.connection_for_write() as broker:
        for queue in settings.HEALTH.queues:
            while (message := broker.default_channel.basic_get(queue, no_ack=True)) is not None:
                found.append((str(message.headers.get("awning_job")), str(message.headers.get("awning_slot"))))
    return found


def leader() -> int:
    """The pid of the beat that leads; 0 while none does."""
    holder = Lease.objects.values_list("holder", flat=True).first() or "::"
    return int(holder.split(":")[1] or 0)


def test_one_of_two_sends_and_the_other_takes_over(beats: dict[int, Program]) -> None:
    until(lambda: Heartbeat.objects.filter(kind="beat").count() == 2, "both beats")
    until(JobRun.objects.exists, "the first slots")
    first = leader()
    assert first in beats
    os.kill(first, signal.SIGKILL)
    killed = time.monotonic()
    until(lambda: leader() not in (first, 0), "the other to take over", 10)
    took = time.monotonic() - killed
    assert took < LEASE + 3
    opened = JobRun.objects.count()
    lease = Lease.objects.get()
    assert (leader() in beats, lease.fence) == (True, 2)
    sent = take_messages()
    assert len(sent) == len(set(sent)) >= 4
    assert len(sent) <= JobRun.objects.count() >= opened
    assert beats[leader()].stop()[0] == 0
