"""The store: forged ids, cached copies, two writers, and Django's other ways in."""

from datetime import timedelta
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from django.contrib.sessions.backends.base import CreateError, UpdateError
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.sessions import copies, ids, services
from marketplace.sessions.fences import Fences, fences
from marketplace.sessions.models import Session
from marketplace.sessions.store import SessionStore
from tests.conftest import NOW
from tests.marketplace.sessions.clock import in_redis, key_of, moving, sign_in, signed_in, unmark

pytestmark = pytest.mark.django_db


def stored(**data: Any) -> str:
    """A session with this data; its id."""
    store = SessionStore()
    store.update(data)
    store.save()
    assert store.session_key
    return store.session_key


# --- forged ids -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", ["a" * 32, "a" * 48, "abcdefgh", "x" * 4000])
def test_a_forged_id_is_refused_without_asking_anybody(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "_redis", lambda: pytest.fail("Redis was asked"))
    with CaptureQueriesContext(connection) as queries:
        assert SessionStore(key).get("_auth_user_id") is None
    assert not len(queries)


def test_a_changed_letter_is_forged() -> None:
    key = ids.new()
    assert ids.genuine(key)
    for place in (0, 31, 32, 47):
        letter = "b" if key[place] == "a" else "a"
        assert not ids.genuine(key[:place] + letter + key[place + 1 :])


def test_a_forged_cookie_is_taken_back(client: Client) -> None:
    client.cookies["sessionid"] = "a" * 48
    answer = client.get("/account/")
    assert answer.status_code == 302
    assert answer.cookies["sessionid"].value == ""


def test_an_id_of_a_former_secret_still_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    from django.apps import apps

    config: Any = apps.get_app_config("hall_sessions")
    old, new = ids.id_key("old"), ids.id_key("new")
    key = ids.new(old)
    assert not ids.genuine(key)
    from dataclasses import replace

    monkeypatch.setattr(config, "policy", replace(config.policy, id_keys=(new, old)))
    assert ids.genuine(key)
    assert ids.genuine(ids.new())


def test_an_id_that_ended_costs_one_query_and_then_none() -> None:
    key = ids.new()
    with CaptureQueriesContext(connection) as queries:
        for _ in range(5):
            assert SessionStore(key).get("x") is None
    assert len(queries) == 1


# --- copies ---------------------------------------------------------------------------------------------------------


def test_a_copy_saves_the_query(monkeypatch: pytest.MonkeyPatch) -> None:
    key = stored(a=1)
    unmark(key)
    assert SessionStore(key)["a"] == 1
    fences.allows("", 0)
    with CaptureQueriesContext(connection) as queries:
        assert SessionStore(key)["a"] == 1
    assert not len(queries)


def test_a_copy_lasts_fifteen_minutes_and_no_longer_than_its_session(monkeypatch: pytest.MonkeyPatch) -> None:
    def lasts(key: str) -> float:
        unmark(key)
        SessionStore(key).get("a")
        return float(str(copies._redis().call(lambda redis: redis.pttl(copies._key(ids.digest(key)))))) / 1000

    assert 890 < lasts(stored(a=1)) <= 900
    assert 50 < lasts(stored(_session_expiry=60)) <= 60
    key = stored(a=1)
    unmark(key)
    SessionStore(key).get("a")
    made = in_redis(key)
    assert made is not None
    later = timezone.now().timestamp() + 901
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert copies.read(ids.digest(key)) is None


def test_a_copy_that_lasts_longer_than_its_session_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = moving(monkeypatch, NOW)
    key = stored(_session_expiry=120)
    unmark(key)
    assert SessionStore(key).get("_session_expiry") == 120
    clock.move(seconds=121)
    assert SessionStore(key).get("_session_expiry") is None


def test_nothing_that_we_have_not_signed_for_this_session_is_believed() -> None:
    key, other = stored(a=1), stored(a=2)
    for each in (key, other):
        unmark(each)
        SessionStore(each).get("a")
    good, foreign = in_redis(key), in_redis(other)
    assert good is not None
    assert foreign is not None
    for bad in (foreign, good.replace(b'"a":1', b'"a":7'), b"cos\nsystem\n(S'x'\ntR.", b"\xff", b"", b"{}"):
        copies._redis().call(lambda redis, bad=bad: redis.set(copies._key(ids.digest(key)), bad))  # type: ignore[misc]
        assert SessionStore(key)["a"] == 1


def test_a_large_session_has_no_copy() -> None:
    key = stored(a="x" * copies.LARGEST)
    unmark(key)
    assert len(SessionStore(key)["a"]) == copies.LARGEST
    assert in_redis(key) is None


def test_a_session_without_its_person_is_nobodys(mira: User) -> None:
    store = SessionStore(key_of(sign_in(mira)))
    store.clear()
    store["b"] = 2
    store.save()
    assert Session.objects.get().user_id is None


def test_ids_are_not_in_redis_either() -> None:
    key = stored(a=1)
    unmark(key)
    SessionStore(key).get("a")
    names = copies._redis().call(lambda redis: list(redis.scan_iter("*:session:*", count=1000)))
    assert names
    assert not [name for name in names if key.encode() in name]


def test_data_that_somebody_else_has_written_are_none() -> None:
    key, other = stored(a=1), stored(b=2)
    unmark(key)
    text = Session.objects.get(pk=ids.digest(other)).session_data
    Session.objects.filter(pk=ids.digest(key)).update(session_data=text[:-2] + ("AA" if text[-2:] != "AA" else "BB"))
    assert dict(SessionStore(key).items()) == {}


def test_each_reader_has_its_own_data() -> None:
    key = stored(a={"b": 1})
    one, two = SessionStore(key), SessionStore(key)
    one["a"]["b"] = 2
    assert two["a"]["b"] == 1


# --- fences ---------------------------------------------------------------------------------------------------------


def test_a_copy_is_believed_only_with_fresh_news(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process ends the session and Redis misses it: within two seconds nobody believes the copy."""
    clock = [1000.0]
    monkeypatch.setattr("marketplace.sessions.fences.monotonic", lambda: clock[0])
    known = Fences()
    assert known.allows("d", 1)
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO hall_sessions_copyfence VALUES ('d', 5, clock_timestamp())")
    assert known.allows("d", 1)
    clock[0] += 1.1
    assert not known.allows("d", 4)
    assert known.allows("d", 5)
    assert known.allows("e", 1)
    clock[0] += 2.1
    with CaptureQueriesContext(connection) as queries:
        known.allows("d", 1)
        known.allows("e", 1)
    assert len(queries) == 1


def test_without_news_no_copy_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    known = Fences()

    def broken() -> None:
        raise DatabaseError

    monkeypatch.setattr(known, "_ask", broken)
    with pytest.raises(DatabaseError):
        known.allows("d", 1)


def test_the_news_of_a_long_silence_are_read_and_old_ones_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [1000.0]
    monkeypatch.setattr("marketplace.sessions.fences.monotonic", lambda: clock[0])
    known = Fences()
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO hall_sessions_copyfence VALUES ('d', 5, clock_timestamp() - interval '14 minutes')")
    assert not known.allows("d", 1)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM hall_sessions_copyfence")
    clock[0] += 1201
    assert known.allows("d", 1)


# --- writers --------------------------------------------------------------------------------------------------------


def test_two_writers_keep_what_each_has_changed() -> None:
    key = stored(a=1, b=1, c=1, gone=1)
    one, two = SessionStore(key), SessionStore(key)
    one["a"], two["b"] = 2, 2
    del two["gone"]
    one["c"], two["c"] = "first", "second"
    one.save()
    two.save()
    assert dict(SessionStore(key).items()) == {"a": 2, "b": 2, "c": "second"}


def test_a_touch_never_overwrites_what_another_request_writes() -> None:
    key = stored(a=1)
    digest = ids.digest(key)
    Session.objects.update(seen_at=timezone.now() - timedelta(hours=3))
    reader, writer = SessionStore(key), SessionStore(key)
    assert reader["a"] == 1
    assert reader.touch_due()
    reader.touch_on_save(network="")
    writer["a"] = 2
    writer.save()
    reader.save()
    assert Session.objects.get(pk=digest).get_decoded() == {"a": 2}
    assert SessionStore(key)["a"] == 2


def test_of_requests_that_come_together_one_touches() -> None:
    key = stored(a=1)
    digest, later = ids.digest(key), timezone.now() + timedelta(hours=3)
    due = {"expire_at": later, "network": "", "now": later, "every": timedelta(hours=2)}
    assert [services.touch(digest, **due) for _ in range(3)] == [True, False, False]  # type: ignore[arg-type]


def test_a_session_that_has_ended_is_not_written_again() -> None:
    key = stored(a=1)
    store = SessionStore(key)
    store["a"] = 2
    SessionStore(key).delete()
    with pytest.raises(UpdateError):
        store.save()
    assert not Session.objects.exists()


def test_what_is_cleared_is_gone() -> None:
    key = stored(a=1)
    store = SessionStore(key)
    store.clear()
    store["b"] = 2
    store.save()
    assert dict(SessionStore(key).items()) == {"b": 2}


def test_an_id_is_taken_once() -> None:
    key = stored(a=1)
    with pytest.raises(CreateError):
        SessionStore(key).save(must_create=True)


def test_the_asynchronous_ways_lead_to_the_same_place() -> None:
    store = SessionStore(stored(a=1))

    async def walk() -> None:
        assert await store.aget("a") == 1
        before = store.session_key
        await store.acycle_key()
        assert store.session_key != before
        await store.aset("b", 2)
        await store.asave()
        again = SessionStore(store.session_key)
        assert await again.aget("b") == 2
        await again.aflush()
        assert again.session_key is None

    async_to_sync(walk)()
    assert not Session.objects.exists()


def test_looking_at_a_signed_in_page_twice_costs_the_same(mira: User) -> None:
    browser = sign_in(mira)
    assert signed_in(browser)
    unmark(key_of(browser))
    assert signed_in(browser)
    held = in_redis(key_of(browser))
    assert held is not None
    assert held not in (b"busy", b"over")
    assert signed_in(browser)


def test_pruning_deletes_what_is_over_in_chunks() -> None:
    for number in range(7):
        stored(number=number)
    over = list(Session.objects.values_list("pk", flat=True)[:5])
    Session.objects.filter(pk__in=over).update(expire_date=timezone.now() - timedelta(seconds=1))
    with connection.cursor() as cursor:
        # The plan of an unlucky day, which looks for the rows of a chunk again and again.
        for way in ("hashjoin", "mergejoin", "hashagg", "sort", "material", "indexscan", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
    with CaptureQueriesContext(connection) as queries:
        assert services.prune(now=timezone.now(), chunk=2) == 5
    assert len([q for q in queries if q["sql"].lstrip().startswith("DELETE FROM hall_sessions_session")]) == 3
    assert Session.objects.count() == 2
