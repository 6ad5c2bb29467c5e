"""Readers, writers and those who sign out, at the same moment."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from marketplace.sessions import copies, ids, loading, services
from marketplace.sessions.fences import Fences
from marketplace.sessions.models import CopyFence, Session
from marketplace.sessions.store import SessionStore
from tests.marketplace.sessions.clock import in_redis, unmark

pytestmark = pytest.mark.django_db(transaction=True)


def stored(**data: Any) -> str:
    store = SessionStore()
    store.update(data)
    store.save()
    assert store.session_key
    unmark(store.session_key)
    return store.session_key


def while_a_reader_waits(key: str, monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    """A reader has read the session from PostgreSQL and not yet kept its copy; then this happens; then it keeps it."""
    read, done = threading.Event(), threading.Event()
    original = copies.fill

    def late(*args: Any, **kwargs: Any) -> None:
        read.set()
        assert done.wait(10)
        original(*args, **kwargs)

    def reader() -> None:
        try:
            SessionStore(key).get("a")
        finally:
            connections.close_all()

    monkeypatch.setattr(copies, "fill", late)
    thread = threading.Thread(target=reader)
    thread.start()
    assert read.wait(10)
    monkeypatch.setattr(copies, "fill", original)
    act()
    done.set()
    thread.join(10)


def test_a_copy_that_comes_after_the_sign_out_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    key = stored(a=1)
    while_a_reader_waits(key, monkeypatch, SessionStore(key).flush)
    assert in_redis(key) == b"over"
    assert SessionStore(key).get("a") is None


def test_a_copy_that_comes_after_a_write_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    key = stored(a=1)

    def write() -> None:
        store = SessionStore(key)
        store["a"] = 2
        store.save()

    # Only what the reader read is late: the writer reads for itself.
    while_a_reader_waits(key, monkeypatch, write)
    assert in_redis(key) == b"busy"
    assert SessionStore(key)["a"] == 2


def test_a_late_copy_is_not_believed_even_where_redis_lost_the_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    key = stored(a=1)

    def sign_out() -> None:
        SessionStore(key).flush()
        unmark(key)

    while_a_reader_waits(key, monkeypatch, sign_out)
    assert in_redis(key) not in (None, b"busy", b"over")
    monkeypatch.setattr(loading, "fences", Fences())
    assert SessionStore(key).get("a") is None


def test_a_reader_that_took_too_long_keeps_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    key = stored(a=1)
    moments = iter([0.0, copies.LATEST + 0.1])
    monkeypatch.setattr(loading, "monotonic", lambda: next(moments))
    assert SessionStore(key)["a"] == 1
    assert in_redis(key) is None
    assert copies.MARK_SECONDS > copies.LATEST


def test_many_writers_lose_nothing() -> None:
    key = stored(a=1)
    start = threading.Barrier(4)

    def write(number: int) -> None:
        try:
            store = SessionStore(key)
            store[f"from-{number}"] = number
            start.wait(10)
            store.save()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    assert dict(SessionStore(key).items()) == {"a": 1, **{f"from-{number}": number for number in range(4)}}


def test_a_write_in_a_longer_transaction_is_fenced_until_it_is_committed() -> None:
    key = stored(a=1)
    with transaction.atomic():
        store = SessionStore(key)
        store["a"] = 2
        store.save()
    assert CopyFence.objects.get(pk=ids.digest(key)).version == Session.objects.get().version


def test_a_sign_out_that_is_rolled_back_is_none() -> None:
    key = stored(a=1)
    with transaction.atomic():
        SessionStore(key).flush()
        transaction.set_rollback(True)
    assert SessionStore(key)["a"] == 1


def test_two_prunings_at_once_are_harmless() -> None:
    for number in range(3):
        stored(number=number)
    Session.objects.update(expire_date=timezone.now())
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [services._LOCK])
                held.set()
                assert done.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(10)
    assert services.prune(now=timezone.now()) == 0
    done.set()
    thread.join(10)
    assert services.prune(now=timezone.now()) == 3
