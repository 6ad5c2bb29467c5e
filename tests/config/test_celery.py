"""Whoever sends a task sends it where the workers look."""

from celery import current_app

from marketplace.core.tasks import relay_outbox


def test_senders_and_workers_share_one_application() -> None:
    assert current_app.main == relay_outbox.app.main == "awning"
    assert relay_outbox.app.conf.task_default_queue == "default"
    assert relay_outbox.app.conf.task_publish_retry is False
