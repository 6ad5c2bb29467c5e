"""Facts and who reacts to them: ``publish`` writes the outbox, subscribers are called after the commit, at least once.

Services publish, tasks react: nothing above is imported from below. A handler must be idempotent, because a crash
after its work and before its row is marked means that it runs again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from django.db import transaction

from marketplace.core.db import require_transaction
from marketplace.core.models import OutboxEvent
from monitoring.requests import ids

Json: TypeAlias = "str | int | bool | None | list[Json] | dict[str, Json]"
Payload: TypeAlias = Mapping[str, Json]
Handler: TypeAlias = Callable[[Payload, datetime], None]


@dataclass(frozen=True, slots=True)
class Subscription:
    """``name`` identifies the handler in the outbox, so it stays when the code moves."""

    topic: str
    name: str
    handler: Handler


_by_topic: dict[str, list[Subscription]] = {}
_by_name: dict[str, Subscription] = {}
_wake: list[Callable[[], object]] = []
_delivering: ContextVar[int | None] = ContextVar("delivering", default=None)


def subscribe(topic: str, name: str, handler: Handler) -> None:
    """Calls ``handler(payload, now)`` for every fact of the topic. Call it from ``AppConfig.ready``."""
    known = _by_name.get(name)
    if known is not None and (known.topic, known.handler) != (topic, handler):
        raise ValueError(f"Two handlers are called {name!r}: give one another name.")
    if known is None:
        subscription = Subscription(topic, name, handler)
        _by_name[name] = subscription
        _by_topic.setdefault(topic, []).append(subscription)


def subscription(name: str) -> Subscription | None:
    """The subscription of that name, or None when no code claims it any more."""
    return _by_name.get(name)


@contextmanager
def delivering(outbox_id: int) -> Iterator[None]:
    """Says which row of the outbox the handlers inside are called for."""
    token = _delivering.set(outbox_id)
    try:
        yield
    finally:
        _delivering.reset(token)


def delivery_id() -> int | None:
    """The outbox row being delivered, the same for each attempt: a foreign service's idempotency key. Else None."""
    return _delivering.get()


def wake_with(call: Callable[[], object]) -> None:
    """Sets what nudges the relay after a commit; losing a nudge costs at most the sweep's second."""
    _wake[:] = [call]


def publish(topic: str, payload: Payload, *, now: datetime, key: str | None = None) -> None:
    """Writes the fact for each subscriber, inside the open transaction. Raises NoOpenTransaction outside one.

    ``key`` makes it unique: publishing the same key again is ignored.
    """
    require_transaction(f"publish({topic!r})")
    rows = [
        OutboxEvent(
            topic=topic,
            handler=entry.name,
            payload=dict(payload),
            correlation_id=ids.current(),
            dedupe_key=f"{key}:{entry.name}" if key else None,
            created_at=now,
            due_at=now,
        )
        for entry in _by_topic.get(topic, ())
    ]
    if rows:
        OutboxEvent.objects.bulk_create(rows, ignore_conflicts=key is not None)
        _wake_after_commit()


def _wake_after_commit() -> None:
    """One nudge per transaction, however many facts it holds."""
    waiting = {entry[1] for entry in transaction.get_connection().run_on_commit}
    for call in _wake:
        if call not in waiting:
            transaction.on_commit(call, robust=True)
