"""Redis gone, hung and back: nobody is signed out by it, no page fails, and nobody who signed out comes back."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.apps import apps
from django.test import Client

from config.embedded.redis import RedisServer
from marketplace.accounts.models import User
from marketplace.core import side_redis
from marketplace.sessions import copies, fences, loading
from marketplace.sessions.fences import Fences
from marketplace.sessions.models import CopyFence
from marketplace.sessions.store import SessionStore
from tests.marketplace.core.breaker_cases import own_redis
from tests.marketplace.sessions.clock import in_redis, key_of, row_of, sign_in, signed_in, unmark

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    yield from own_redis(tmp_path_factory.mktemp("sessions"))


@pytest.fixture
def server(shared: RedisServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """The copies are in a Redis of these tests; this process has not yet missed it."""
    config: Any = apps.get_app_config("hall_sessions")
    monkeypatch.setattr(config, "policy", replace(config.policy, cache_url=shared.url()))
    copies._redis()._quiet_until = 0.0
    yield shared
    os.kill(shared.process.pid, signal.SIGCONT)


def pause(server: RedisServer) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)


def back(server: RedisServer) -> None:
    """Redis goes on with all that it had, and this process asks it again."""
    os.kill(server.process.pid, signal.SIGCONT)
    copies._redis()._quiet_until = 0.0


def another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on this process knows only what one that has just started can know."""
    fresh = Fences()
    for module in (fences, loading):
        monkeypatch.setattr(module, "fences", fresh)


def with_a_copy(user: User) -> Client:
    """Somebody signed in, with a copy of the session in Redis."""
    browser = sign_in(user)
    unmark(key_of(browser))
    assert signed_in(browser)
    held = in_redis(key_of(browser))
    assert held
    assert held != b"busy"
    return browser


def thief_of(browser: Client) -> Client:
    thief = Client()
    thief.cookies["sessionid"] = key_of(browser)
    return thief


def test_while_redis_hangs_people_stay_signed_in_for_one_time_out_in_all(server: RedisServer, mira: User) -> None:
    browser = with_a_copy(mira)
    attempts: list[float] = []
    original = copies._redis()._client.connection_pool.get_connection

    def counted(*args: Any, **kwargs: Any) -> Any:
        attempts.append(time.monotonic())
        return original(*args, **kwargs)

    copies._redis()._client.connection_pool.get_connection = counted  # type: ignore[method-assign]
    try:
        pause(server)
        begin = time.monotonic()
        assert all(signed_in(browser) for _ in range(10))
        other = sign_in(mira)
        assert signed_in(other)
        assert other.post("/account/logout/").status_code == 302
        took = time.monotonic() - begin
    finally:
        copies._redis()._client.connection_pool.get_connection = original  # type: ignore[method-assign]
    assert len(attempts) == 1 + int(took / side_redis.REST)


def test_without_redis_everything_works(server: RedisServer, mira: User, monkeypatch: pytest.MonkeyPatch) -> None:
    config: Any = apps.get_app_config("hall_sessions")
    browser = with_a_copy(mira)
    # A port on which nobody listens.
    monkeypatch.setattr(config, "policy", replace(config.policy, cache_url="redis://127.0.0.1:9/0"))
    assert signed_in(browser)
    other = sign_in(mira)
    assert other.post("/account/logout/").status_code == 302
    assert not signed_in(thief_of(other))
    assert signed_in(browser)


def test_a_sign_out_while_redis_hangs_holds_when_it_is_back(
    server: RedisServer, mira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = with_a_copy(mira)
    thief, key = thief_of(browser), key_of(browser)
    pause(server)
    assert browser.post("/account/logout/").status_code == 302
    back(server)
    # Redis has slept through it: the copy is there, signed and not old.
    assert in_redis(key) not in (None, b"busy", b"over")
    assert not signed_in(thief)
    # In a process that has neither seen the sign-out nor the outage, the same.
    copies._redis().call(lambda redis: redis.flushdb())
    browser = with_a_copy(mira)
    thief = thief_of(browser)
    pause(server)
    browser.post("/account/logout/")
    another_process(monkeypatch)
    back(server)
    assert in_redis(key_of(thief)) not in (None, b"busy", b"over")
    assert not signed_in(thief)


@pytest.mark.parametrize("how", ["one device", "new password", "other rights", "another id"])
def test_whatever_ends_a_session_holds_without_redis(
    server: RedisServer, mira: User, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, lost = sign_in(mira), with_a_copy(mira)
    pause(server)
    if how == "one device":
        here.post("/account/devices/", {"action": "end", "device": str(row_of(lost).handle)})
    elif how == "new password":
        mira.set_password("something else 7")
        mira.save()
    elif how == "another id":
        SessionStore(key_of(lost)).cycle_key()
    else:
        User.objects.filter(pk=mira.pk).update(is_staff=True)
    another_process(monkeypatch)
    back(server)
    assert in_redis(key_of(lost)) not in (None, b"busy", b"over")
    assert SessionStore(key_of(lost)).get("_auth_user_id") is None


def test_data_written_while_redis_hangs_are_read_when_it_is_back(
    server: RedisServer, mira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = with_a_copy(mira)
    key = key_of(browser)
    pause(server)
    writer = SessionStore(key)
    writer["order"] = "A-1"
    writer.save()
    assert CopyFence.objects.filter(version__lt=2**62).count() == 1
    another_process(monkeypatch)
    back(server)
    assert in_redis(key) not in (None, b"busy", b"over")
    assert SessionStore(key).get("order") == "A-1"
    # And the copy that nobody believes is soon replaced by one that is believed.
    assert in_redis(key) == b"busy"


def test_with_redis_a_write_costs_no_fence(server: RedisServer, mira: User) -> None:
    browser = with_a_copy(mira)
    CopyFence.objects.all().delete()
    writer = SessionStore(key_of(browser))
    writer["order"] = "A-1"
    writer.save()
    assert not CopyFence.objects.exists()
