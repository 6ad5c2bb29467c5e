"""Somebody who listens to a topic for the length of a test, so that its facts are written to the outbox."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from marketplace.core import events
from marketplace.core.models import OutboxEvent


@contextmanager
def listening(topic: str) -> Iterator[Callable[[], list[object]]]:
    """Yields a function that returns the payloads published so far."""
    name = f"tests.{topic}"
    events.subscribe(topic, name, lambda payload, now: None)

    def heard() -> list[object]:
        return [row.payload for row in OutboxEvent.objects.filter(handler=name).order_by("pk")]

    try:
        yield heard
    finally:
        events._by_topic[topic].remove(events._by_name.pop(name))
