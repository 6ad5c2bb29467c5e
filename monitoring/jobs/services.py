"""What operators do about tasks that were given up."""

from datetime import datetime

from celery import current_app

from monitoring.jobs import poison
from monitoring.jobs.models import DeadTask
from monitoring.requests import ids


class NotSent(Exception):
    """The task was not sent again; the text says why, for people."""


def send_again(*, dead_id: int, by: int, now: datetime) -> str:
    """Sends a task that was given up once more, as a new one for the same request; returns its name. Raises NotSent.

    Two operators at once send it once.
    """
    letter = DeadTask.objects.filter(pk=dead_id, settled_at=None).first()
    if letter is None:
        raise NotSent("It is not on the list any more: somebody has sent it again or set it aside.")
    if not letter.complete:
        raise NotSent("Its arguments held something that is not kept: start it by hand, then set this aside.")
    if letter.name not in current_app.tasks:
        raise NotSent(f"No code runs {letter.name} any more: set it aside.")
    if poison.settle(pk=dead_id, by=by, now=now) is None:
        raise NotSent("Somebody else was faster.")
    try:
        with ids.within(letter.correlation_id or ids.current()):
            sent = current_app.send_task(
                letter.name, args=letter.args, kwargs=letter.kwargs, queue=letter.queue or None, ignore_result=True
            )
    except Exception as error:
        poison.reopen(dead_id)
        raise NotSent("The broker did not take it: try again when it answers.") from error
    DeadTask.objects.filter(pk=dead_id).update(sent_again_as=str(sent.id))
    return letter.name


def set_aside(*, dead_id: int, by: int, now: datetime) -> str:
    """Takes it off the list without sending it; returns its name. Raises NotSent."""
    letter = poison.settle(pk=dead_id, by=by, now=now)
    if letter is None:
        raise NotSent("It is not on the list any more.")
    return letter.name
