import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.apps import apps
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.sessions import ids
from marketplace.sessions.models import Session
from marketplace.sessions.store import SessionStore
from monitoring.health import visitors
from monitoring.health.visitors import MOST_LOOKUPS, Door, holds_token, judge

TOKEN = "a-token-of-the-operators"


@pytest.fixture
def door() -> Door:
    known: Door = apps.get_app_config("health").door  # type: ignore[attr-defined]
    return Door(token=TOKEN, session_engine=known.session_engine, session_cookie=known.session_cookie)


def a_request(*, authorization: str = "", session: str = "") -> HttpRequest:
    request = HttpRequest()
    if authorization:
        request.META["HTTP_AUTHORIZATION"] = authorization
    if session:
        request.COOKIES["sessionid"] = session
    return request


def session_of(user: User) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


@pytest.mark.parametrize(
    ("shown", "right"),
    [
        (f"Bearer {TOKEN}", True),
        (f"bearer {TOKEN}", True),
        (f"Bearer {TOKEN}x", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Basic {TOKEN}", False),
        (TOKEN, False),
        ("Bearer", False),
        ("Bearer ", False),
        ("Bearer tökén\udc80", False),
    ],
)
def test_only_the_token_is_the_token(shown: str, right: bool) -> None:
    assert holds_token(shown, TOKEN) is right


def test_without_a_token_nobody_has_it() -> None:
    assert not holds_token("Bearer ", "")
    assert not holds_token("Bearer", "")


def test_a_wrong_token_is_not_saved_by_a_session(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "_bounded", lambda look: pytest.fail("the session was looked up"))
    assert judge(a_request(authorization="Bearer no", session="a" * 32), door) == "stranger"


@pytest.mark.django_db(transaction=True)
def test_staff_are_welcome_and_nobody_else(door: Door, olga: User, mira: User) -> None:
    assert judge(a_request(session=session_of(olga)), door) == "welcome"
    assert judge(a_request(session=session_of(mira)), door) == "not_staff"
    assert judge(a_request(session="a" * 32), door) == "stranger"
    assert judge(a_request(session=ids.new()), door) == "stranger"
    assert judge(a_request(), door) == "stranger"


@pytest.mark.django_db(transaction=True)
def test_a_session_ends_with_its_password_its_time_and_its_user(door: Door, olga: User) -> None:
    key = session_of(olga)
    olga.set_password("another password")
    olga.save()
    assert judge(a_request(session=key), door) == "stranger"
    key = session_of(olga)
    Session.objects.filter(pk=ids.digest(key)).update(expire_date=timezone.now() - timedelta(seconds=1))
    assert judge(a_request(session=key), door) == "stranger"
    key = session_of(olga)
    User.objects.filter(pk=olga.pk).update(is_active=False)
    assert judge(a_request(session=key), door) == "stranger"


@pytest.mark.django_db(transaction=True)
def test_looking_changes_no_session(door: Door, olga: User) -> None:
    key = session_of(olga)
    before = list(Session.objects.values())
    judge(a_request(session=key), door)
    assert list(Session.objects.values()) == before
    assert SessionStore(key).exists(key)


@pytest.mark.parametrize("key", ["a\x00b", "ключ", "a" * 31 + "/"])
def test_a_key_that_cannot_be_is_not_looked_up(door: Door, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "_bounded", lambda look: pytest.fail("the session was looked up"))
    assert judge(a_request(session=key), door) == "stranger"


@pytest.fixture
def hanging(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A database that answers nobody until the test ends; lists who asked."""
    asked: list[str] = []
    well = threading.Event()

    def hang(key: str, engine: str) -> str:
        asked.append(key)
        assert well.wait(20)
        return "welcome"

    monkeypatch.setattr(visitors, "_standing", hang)
    yield asked
    well.set()
    deadline = time.monotonic() + 10
    while any(thread.name == "health:staff" for thread in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_database_that_hangs_is_not_waited_for(door: Door, hanging: list[str]) -> None:
    begin = time.monotonic()
    assert judge(a_request(session="a" * 32), door) == "unknown"
    assert time.monotonic() - begin < 0.45


def test_only_so_many_wait_for_it(door: Door, hanging: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(visitors, "PATIENCE", 0.02)
    assert [judge(a_request(session="a" * 32), door) for _ in range(12)] == ["unknown"] * 12
    assert len(hanging) == MOST_LOOKUPS


def test_a_database_that_fails_knows_nobody(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(key: str, engine: str) -> str:
        raise ConnectionError

    monkeypatch.setattr(visitors, "_standing", broken)
    for _ in range(2 * MOST_LOOKUPS):
        assert judge(a_request(session="a" * 32), door) == "unknown"


def test_a_moment_without_threads_leaves_every_place_free(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", full)
        for _ in range(MOST_LOOKUPS + 1):
            assert judge(a_request(session="abc"), door) == "unknown"
    assert visitors._bounded(lambda: "welcome") == "welcome"
