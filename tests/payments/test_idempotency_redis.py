"""Finished answers from Redis: the same bytes, and never anything that PostgreSQL would not say."""

import os
import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from config.embedded.redis import RedisServer
from marketplace.core import side_redis
from marketplace.core.db import OpenTransaction
from marketplace.core.side_redis import Away, SideRedis
from payments import answers, idempotency
from payments.answers import Answer, Request
from payments.idempotency import KeyReused
from payments.models import IdempotencyKey
from tests.marketplace.core.breaker_cases import own_redis, until
from tests.payments.test_idempotency import a_request, claimed

pytestmark = pytest.mark.django_db(transaction=True)

DONE = Answer(201, bytes(range(256)) + '{"total":"€1"}'.encode(), "application/json; charset=utf-8", "/orders/ü/")


def finished(now: datetime, request: Request | None = None, answer: Answer = DONE) -> Request:
    asked = request or a_request()
    idempotency.finish(claimed(asked, now), answer, now=now)
    return asked


def stored(request: Request) -> str:
    return answers._key(answers._name(request))


def redis() -> SideRedis:
    return answers._redis()


def test_a_retry_is_answered_to_the_byte_without_a_query(now: datetime) -> None:
    asked = finished(now)
    with CaptureQueriesContext(connection) as queries:
        assert idempotency.replay(asked, now=now) == DONE
    assert not len(queries)
    assert idempotency.claim(asked, now=now) == DONE


def test_nothing_is_found_for_what_was_never_asked_or_is_still_running(now: datetime) -> None:
    assert idempotency.replay(a_request(), now=now) is None
    claimed(a_request(), now)
    assert idempotency.replay(a_request(), now=now) is None


def test_another_body_is_refused_from_redis_too(now: datetime) -> None:
    finished(now)
    with pytest.raises(KeyReused):
        idempotency.replay(a_request(cart="8"), now=now)


@pytest.mark.parametrize("other", [{"principal": "user:2"}, {"route": "POST /refunds/"}, {"key": "k2"}])
def test_answers_belong_to_one_principal_route_and_key(now: datetime, other: dict[str, str]) -> None:
    finished(now)
    assert idempotency.replay(a_request(**other), now=now) is None


def test_names_cannot_be_shifted_into_each_other() -> None:
    one, two = a_request(principal="user:1", route="a b"), a_request(principal="user:1 a", route="b")
    assert answers._name(one) != answers._name(two)


def test_an_answer_that_was_rolled_back_was_never_given(now: datetime) -> None:
    with transaction.atomic():
        asked = finished(now)
        assert redis().call(lambda client: client.exists(stored(asked))) == 0
        transaction.set_rollback(True)
    assert idempotency.replay(asked, now=now) is None
    assert redis().call(lambda client: client.exists(stored(asked))) == 0


def test_it_lasts_no_longer_than_its_row(now: datetime) -> None:
    asked = finished(now)
    lasts = redis().call(lambda client: client.pttl(stored(asked)))
    assert timedelta(hours=71, minutes=59) < timedelta(milliseconds=float(str(lasts))) <= timedelta(hours=72)
    assert idempotency.replay(asked, now=now + timedelta(hours=72)) is None
    # Read again late, it is kept for what is left.
    redis().call(lambda client: client.delete(stored(asked)))
    idempotency.claim(asked, now=now + timedelta(hours=70))
    lasts = redis().call(lambda client: client.pttl(stored(asked)))
    assert timedelta(0) < timedelta(milliseconds=float(str(lasts))) <= timedelta(hours=2)


def test_an_evicted_answer_costs_a_read_and_comes_back(now: datetime) -> None:
    asked = finished(now)
    redis().call(lambda client: client.delete(stored(asked)))
    assert idempotency.replay(asked, now=now) is None
    assert idempotency.claim(asked, now=now) == DONE
    assert idempotency.replay(asked, now=now) == DONE


def test_a_large_answer_stays_in_postgresql(now: datetime) -> None:
    large = replace(DONE, body=b"x" * answers.LARGEST)
    asked = finished(now, answer=large)
    assert redis().call(lambda client: client.exists(stored(asked))) == 0
    assert idempotency.claim(asked, now=now) == large


def test_nothing_that_we_have_not_signed_for_this_request_is_believed(now: datetime) -> None:
    asked = finished(now)
    other = finished(now, a_request(key="k2"), Answer(200, b"other"))
    value = redis().call(lambda client: client.get(stored(other)))
    good = redis().call(lambda client: client.get(stored(asked)))
    assert isinstance(value, bytes)
    assert isinstance(good, bytes)
    for bad in (value, good.replace(b"201", b"200"), b"", b"\xff", b'["x"]', b"a:b"):
        redis().call(lambda client, bad=bad: client.set(stored(asked), bad))  # type: ignore[misc]
        assert idempotency.replay(asked, now=now) is None


def test_redis_is_not_asked_inside_a_transaction(now: datetime) -> None:
    with transaction.atomic(), pytest.raises(OpenTransaction):
        idempotency.replay(a_request(), now=now)


def test_hits_are_counted(now: datetime) -> None:
    before = answers.from_redis._value.get()
    asked = finished(now)
    idempotency.replay(asked, now=now)
    assert answers.from_redis._value.get() == before + 1


# --- Redis away -----------------------------------------------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """The answers are in a Redis of this test."""
    for made in own_redis(tmp_path):
        monkeypatch.setattr(apps.get_app_config("payments"), "answers_store", (made.url(), "tests"))
        yield made


def test_a_redis_that_hangs_costs_one_time_out_and_answers_again_later(
    now: datetime, server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = finished(now)
    os.kill(server.process.pid, signal.SIGSTOP)
    begin = time.monotonic()
    assert idempotency.replay(asked, now=now) is None
    first = time.monotonic() - begin
    assert first >= side_redis.ANSWER * 0.9
    attempts: list[object] = []
    monkeypatch.setattr(redis()._client, "get", attempts.append)
    for number in range(20):
        assert idempotency.claim(asked, now=now) == DONE
        assert idempotency.replay(asked, now=now) is None
        finished(now, a_request(key=f"new-{number}"))
    assert not attempts, "a server that hangs is left alone"
    monkeypatch.undo()
    monkeypatch.setattr(apps.get_app_config("payments"), "answers_store", (server.url(), "tests"))
    os.kill(server.process.pid, signal.SIGCONT)
    redis()._quiet_until = 0.0
    until(lambda: idempotency.replay(asked, now=now) == DONE)


def test_a_redis_that_is_gone_changes_no_answer(now: datetime, server: RedisServer) -> None:
    asked = finished(now)
    server.stop()
    redis()._quiet_until = 0.0
    assert idempotency.replay(asked, now=now) is None
    assert idempotency.claim(asked, now=now) == DONE
    with pytest.raises(Away):
        redis().call(lambda client: client.ping())
    assert IdempotencyKey.objects.count() == 1
