"""What the tests of sessions share: a clock that they move, and Redis as it is without the mark of the last write."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http.cookies import Morsel

import pytest
from django.test import Client

from marketplace.accounts.models import User
from marketplace.sessions import copies, ids
from marketplace.sessions.models import Session
from tests.factories import PASSWORD


@dataclass
class Clock:
    """The hall's time."""

    now: datetime

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


def moving(monkeypatch: pytest.MonkeyPatch, start: datetime) -> Clock:
    """A clock that Django's ``timezone.now`` shows."""
    clock = Clock(start)
    monkeypatch.setattr("django.utils.timezone.now", lambda: clock.now)
    return clock


def sign_in(user: User, browser: Client | None = None) -> Client:
    """By the page, as people do."""
    browser = browser or Client()
    answer = browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def key_of(browser: Client) -> str:
    return browser.cookies["sessionid"].value


def row_of(browser: Client) -> Session:
    return Session.objects.get(pk=ids.digest(key_of(browser)))


def cookie(browser: Client) -> "Morsel[str]":
    return browser.cookies["sessionid"]


def signed_in(browser: Client) -> bool:
    return browser.get("/account/devices/").status_code == 200


def in_redis(key: str) -> bytes | None:
    """What Redis has of a session."""
    value = copies._redis().call(lambda redis: redis.get(copies._key(ids.digest(key))))
    assert value is None or isinstance(value, bytes)
    return value


def unmark(key: str) -> None:
    """As if the session had last been written more than half a minute ago."""
    copies._redis().call(lambda redis: redis.delete(copies._key(ids.digest(key))))
