"""A session that gets another id while it is ended, moved or written elsewhere."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections, transaction
from django.test import Client

from marketplace.accounts.models import User
from marketplace.sessions import ids, queries, services
from marketplace.sessions.fences import ENDED, Fences, raise_fences
from marketplace.sessions.models import CopyFence, Session
from marketplace.sessions.store import SessionStore
from tests.marketplace.sessions.clock import key_of, sign_in, signed_in
from tests.monitoring.database.pooled import start
from tests.monitoring.database.streaming import until

pytestmark = pytest.mark.django_db(transaction=True)


def before_the_move(act: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> None:
    """This happens after a page has read its session, and right before the session gets its new id."""
    original = services.move

    def late(*args: Any) -> bool:
        act()
        return original(*args)

    monkeypatch.setattr(services, "move", late)


def with_another_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on the next page of everybody gives the session a new id."""
    monkeypatch.setattr(settings, "SECRET_KEY_FALLBACKS", [settings.SECRET_KEY])
    monkeypatch.setattr(settings, "SECRET_KEY", "another-secret-" * 4)


def test_a_session_moves_when_the_secret_changes(mira: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(mira)
    before = key_of(browser)
    with_another_secret(monkeypatch)
    assert signed_in(browser)
    assert key_of(browser) != before
    assert Session.objects.count() == 1


def test_a_device_that_is_signed_out_while_its_session_moves_stays_out(
    mira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = sign_in(mira)
    with_another_secret(monkeypatch)
    before_the_move(lambda: services.end_all(user_id=mira.pk), monkeypatch)
    assert browser.get("/account/devices/").status_code == 400
    assert not Session.objects.exists()
    assert not signed_in(browser)


def test_a_device_whose_id_is_being_changed_is_signed_out_under_the_new_one(mira: User) -> None:
    digest, moved, done = ids.digest(key_of(sign_in(mira))), threading.Event(), threading.Event()

    def move() -> None:
        with transaction.atomic():
            assert services.move(digest, ids.digest(ids.new()))
            moved.set()
            assert done.wait(20)

    threads = [start(move)]
    assert moved.wait(20)
    ended: list[int] = []
    threads.append(start(lambda: ended.append(services.end_all(user_id=mira.pk))))
    until(_somebody_waits, "the sign-out")
    done.set()
    for thread in threads:
        thread.join(20)
    assert ended == [1]
    assert not Session.objects.exists()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        return cursor.fetchone() != (0,)


def test_nobody_who_is_gone_has_a_new_password(mira: User) -> None:
    assert not queries.has_new_password(mira.pk, proof=mira.get_session_auth_hash())
    assert queries.has_new_password(mira.pk, proof="of a former one")
    assert not queries.has_new_password(mira.pk + 1, proof="of a former one")


def test_a_fence_is_never_lowered() -> None:
    with transaction.atomic():
        raise_fences(["d"], ENDED)
        raise_fences(["d"], 5)
    assert CopyFence.objects.get(pk="d").version == ENDED


def test_two_pages_that_move_one_session_at_once_are_both_answered(mira: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser, other = sign_in(mira), Client()
    other.cookies["sessionid"] = key_of(browser)
    digest = ids.digest(key_of(browser))
    with_another_secret(monkeypatch)
    # What another page of this browser does in this moment.
    before_the_move(
        lambda: Session.objects.filter(pk=digest).update(session_key=ids.digest(ids.new())) and None, monkeypatch
    )
    assert signed_in(other)
    assert signed_in(other)


def test_a_sign_in_sent_twice_at_once_signs_in_twice(mira: User) -> None:
    guest = SessionStore()
    guest["guest_orders"] = {"A-1": "token"}
    guest.save()
    key, both = str(guest.session_key), threading.Barrier(2)
    statuses: list[int] = []

    def send() -> None:
        try:
            browser = Client(raise_request_exception=False)
            browser.cookies["sessionid"] = key
            both.wait(10)
            sign_in(mira, browser)
            statuses.append(200 if signed_in(browser) else 0)
            assert browser.session["guest_orders"] == {"A-1": "token"}
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(send) for _ in range(2)]:
            done.result()
    assert statuses == [200, 200]


def test_a_guest_whose_session_was_moved_meanwhile_gets_one_of_the_same_data() -> None:
    guest = SessionStore()
    guest["a"] = 1
    guest.save()
    one, two = SessionStore(guest.session_key), SessionStore(guest.session_key)
    assert (one["a"], two["a"]) == (1, 1)
    one.cycle_key()
    two.cycle_key()
    assert one.session_key != two.session_key
    assert [SessionStore(store.session_key)["a"] for store in (one, two)] == [1, 1]
    assert len({SessionStore(store.session_key).handle for store in (one, two)}) == 2


def test_two_orders_of_a_guest_at_once_are_both_remembered() -> None:
    guest = SessionStore()
    guest["guest_orders"] = {"A-1": "one", "A-0": "old"}
    guest.save()
    one, two = SessionStore(guest.session_key), SessionStore(guest.session_key)
    one["guest_orders"] = {"A-1": "one", "A-2": "two"}
    two["guest_orders"] = {"A-1": "one", "A-0": "old", "A-3": "three"}
    one.save()
    two.save()
    assert SessionStore(guest.session_key)["guest_orders"] == {"A-1": "one", "A-2": "two", "A-3": "three"}


def test_nobody_waits_for_the_news_that_another_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind an exhausted pool, waiting in a row would add up."""
    known, asking, done = Fences(), threading.Semaphore(0), threading.Event()

    def ask() -> None:
        asking.release()
        assert done.wait(10)

    monkeypatch.setattr(known, "_ask", ask)
    with ThreadPoolExecutor(3) as pool:
        asked = [pool.submit(known.allows, "d", 1) for _ in range(3)]
        try:
            assert all(asking.acquire(timeout=5) for _ in asked)
        finally:
            done.set()
        assert all(each.result() for each in asked)
