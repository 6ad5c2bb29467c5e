import time

import pytest
from celery import Celery
from celery.exceptions import Retry
from prometheus_client.registry import REGISTRY

from monitoring.metrics import celery_tasks, samples

app = Celery("metrics-tasks-test", set_as_current=False)


@app.task(name="metrics_test.well")
def well() -> None:
    """It works."""


@app.task(name="metrics_test.badly")
def badly() -> None:
    """It does not."""
    raise ValueError("no")


@app.task(name="metrics_test.again", bind=True)
def again(self: object) -> None:
    """Not yet."""
    raise Retry


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bool, bool]]:
    """The observations `task`: has a duration, is bad."""
    found: list[tuple[bool, bool]] = []
    celery_tasks.connect()
    monkeypatch.setattr(
        samples, "observe", lambda name, *, seconds=None, bad=False: found.append((seconds is not None, bad))
    )
    return found


def counted(task: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("awning_tasks_total", {"task": f"metrics_test.{task}", "outcome": outcome}) or 0.0


def test_tasks_count_by_name_and_outcome(seen: list[tuple[bool, bool]]) -> None:
    for task in (well, badly, again):
        task.apply()
    assert (counted("well", "success"), counted("badly", "failure"), counted("again", "retry")) == (1, 1, 1)
    assert seen == [(True, False), (True, True)], "a task that tries again has not ended"
    assert REGISTRY.get_sample_value("awning_task_duration_seconds_count", {"task": "metrics_test.well"}) == 1


def test_the_wait_of_a_task_is_told(seen: list[tuple[bool, bool]]) -> None:
    def waited() -> float:
        return REGISTRY.get_sample_value("awning_task_wait_seconds_sum") or 0.0

    before = waited()
    well.apply(headers={"published_at": time.time() - 7})  # type: ignore[dict-item] # any JSON is a header
    assert 6.9 < waited() - before < 30


def test_a_publisher_keeps_the_time_of_the_first_try() -> None:
    headers: dict[str, object] = {}
    celery_tasks.stamp(headers=headers)
    first = headers["published_at"]
    celery_tasks.stamp(headers=headers)
    assert headers["published_at"] == first
