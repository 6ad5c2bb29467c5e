import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections, transaction

from payments import idempotency
from payments.idempotency import Answer, BadKey, Claim, KeyInProgress, KeyReused, Request
from payments.models import IdempotencyKey

pytestmark = pytest.mark.django_db(transaction=True)

DONE = Answer(201, b'{"order":"A-1"}', "application/json", "/orders/A-1/")


def a_request(key: str = "k1", principal: str = "user:1", route: str = "POST /checkout/", **body: str) -> Request:
    return idempotency.request_of(principal=principal, route=route, key=key, body=body or {"cart": "7"})


def claimed(request: Request, now: datetime) -> Claim:
    found = idempotency.claim(request, now=now)
    assert isinstance(found, Claim)
    return found


def test_a_finished_request_is_answered_to_the_byte(now: datetime) -> None:
    idempotency.finish(claimed(a_request(), now), DONE, now=now)
    assert idempotency.claim(a_request(), now=now + timedelta(hours=71)) == DONE


def test_the_order_of_the_body_does_not_matter() -> None:
    assert a_request(a="1", b="2") == a_request(b="2", a="1")


def test_another_body_is_refused(now: datetime) -> None:
    idempotency.finish(claimed(a_request(), now), DONE, now=now)
    with pytest.raises(KeyReused) as caught:
        idempotency.claim(a_request(cart="8"), now=now)
    assert caught.value.status == 422


def test_another_body_is_refused_while_the_first_is_running(now: datetime) -> None:
    claimed(a_request(), now)
    with pytest.raises(KeyReused):
        idempotency.claim(a_request(cart="8"), now=now)


def test_a_running_request_is_not_done_twice(now: datetime) -> None:
    claimed(a_request(), now)
    with pytest.raises(KeyInProgress) as caught:
        idempotency.claim(a_request(), now=now + timedelta(seconds=59))
    assert (caught.value.status, caught.value.retry_after) == (409, 1)


def test_keys_belong_to_one_principal_and_one_route(now: datetime) -> None:
    claimed(a_request(), now)
    claimed(a_request(principal="user:2"), now)
    claimed(a_request(route="POST /refunds/"), now)


def test_a_released_key_is_free_again(now: datetime) -> None:
    idempotency.release(claimed(a_request(), now))
    claimed(a_request(cart="8"), now)


def test_a_finished_request_cannot_be_released(now: datetime) -> None:
    first = claimed(a_request(), now)
    idempotency.finish(first, DONE, now=now)
    idempotency.release(first)
    assert idempotency.claim(a_request(), now=now) == DONE


def test_a_crashed_holder_is_replaced_and_can_no_longer_finish(now: datetime) -> None:
    crashed = claimed(a_request(), now)
    later = now + timedelta(seconds=61)
    second = claimed(a_request(), later)
    with pytest.raises(KeyInProgress):
        idempotency.claim(a_request(), now=later)
    with pytest.raises(KeyInProgress):
        idempotency.finish(crashed, Answer(200), now=later)
    idempotency.release(crashed)
    idempotency.finish(second, DONE, now=later)
    assert idempotency.claim(a_request(), now=later) == DONE


def test_a_rolled_back_claim_leaves_nothing(now: datetime) -> None:
    with transaction.atomic():
        claimed(a_request(), now)
        transaction.set_rollback(True)
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb"])
def test_a_key_that_cannot_be_used_is_refused(key: str) -> None:
    with pytest.raises(BadKey):
        a_request(key=key)


def test_old_answers_are_pruned_after_72_hours(now: datetime) -> None:
    idempotency.finish(claimed(a_request(), now), DONE, now=now)
    assert idempotency.prune(now=now + timedelta(hours=71, minutes=59)) == 0
    assert idempotency.prune(now=now + timedelta(hours=72, seconds=1)) == 1
    assert not IdempotencyKey.objects.exists()


def test_of_many_at_once_one_works_and_the_others_get_its_answer(now: datetime) -> None:
    worked: list[Claim] = []
    start = threading.Barrier(8)

    def attempt() -> Answer:
        try:
            start.wait()
            with transaction.atomic():
                found = idempotency.claim(a_request(), now=now)
                if isinstance(found, Answer):
                    return found
                worked.append(found)
                idempotency.finish(found, DONE, now=now)
                return DONE
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = [job.result() for job in [pool.submit(attempt) for _ in range(8)]]
    assert len(worked) == 1
    assert answers == [DONE] * 8


def test_who_waits_too_long_for_a_running_transaction_is_told_so(now: datetime) -> None:
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                idempotency.claim(a_request(), now=now)
                holding.set()
                done.wait(10)
        finally:
            connections.close_all()

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '100ms'")
        with pytest.raises(KeyInProgress):
            idempotency.claim(a_request(), now=now)
        transaction.set_rollback(True)
    done.set()
    thread.join(10)
