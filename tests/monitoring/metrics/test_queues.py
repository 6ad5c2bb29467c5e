import time
from collections.abc import Iterator
from unittest.mock import patch

import pytest
import redis
from celery import Celery
from django.conf import settings

from monitoring.metrics import celery_tasks, queues

QUEUE = "metrics-test"


@pytest.fixture
def client() -> Iterator[redis.Redis]:
    found = redis.Redis.from_url(settings.CELERY_BROKER_URL, socket_timeout=1)
    yield found
    found.delete(*queues.lists(QUEUE))
    found.close()


@pytest.fixture
def app() -> Iterator[Celery]:
    """A publisher of its own, on the real broker."""
    made = Celery("metrics-test", broker=settings.CELERY_BROKER_URL, set_as_current=False)
    celery_tasks.connect()
    yield made
    made.close()


def test_the_depth_of_a_queue_is_the_sum_over_its_priorities(client: redis.Redis, app: Celery) -> None:
    """Published by Celery itself: a change in how it names its lists would be found here."""
    for priority in (0, 3, 6, 9, 9):
        app.send_task("nothing", queue=QUEUE, priority=priority)
    assert queues.depths(client, [QUEUE, "empty"]) == [({"queue": QUEUE}, 5.0), ({"queue": "empty"}, 0.0)]


def test_the_age_of_a_queue_is_that_of_its_oldest_task(client: redis.Redis, app: Celery) -> None:
    now = time.time()
    for waited, priority in ((10, 0), (300, 9), (20, 9)):
        with patch("monitoring.metrics.celery_tasks.time.time", return_value=now - waited):
            app.send_task("nothing", queue=QUEUE, priority=priority)
    # The oldest was published first of its list, and workers take from the other end.
    ((_, age),) = queues.ages(client, [QUEUE])
    assert 299 < age < 360
    assert queues.ages(client, ["empty"]) == [({"queue": "empty"}, 0.0)]


@pytest.mark.parametrize(
    "message", [b"", b"{", b"[]", b"{}", b'{"headers": {"published_at": "x"}}', b'{"headers": null}']
)
def test_a_message_that_does_not_say_is_left_out(client: redis.Redis, message: bytes) -> None:
    client.lpush(QUEUE, message)
    assert queues.ages(client, [QUEUE]) == [({"queue": QUEUE}, 0.0)]
