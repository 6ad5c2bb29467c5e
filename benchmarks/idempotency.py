"""A retry storm: many clients repeat requests whose answers they have missed. How many retries PostgreSQL never sees."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

from benchmarks.entries import Entry, at_least, at_most, p50

if TYPE_CHECKING:
    from payments.idempotency import Answer, Request

NAMES = ("idempotency.",)
ROUNDS, CLIENTS, KEYS, RETRIES = 5, 8, 20, 20
BODY = bytes(range(256)) * 4


def run() -> dict[str, Entry]:
    """The share of retries that Redis has answered, the median of five storms; and answers that differ by a byte."""
    shares, different = [], 0
    for _ in range(ROUNDS):
        share, wrong = _storm()
        shares.append(share)
        different += wrong
    took = _times()
    reference = f"{took['redis']:.2f} ms from Redis, {took['database']:.2f} ms from PostgreSQL"
    return {
        "idempotency.cache_hits": at_least(p50(shares), 0.9, "of all retries", reference),
        "idempotency.different_answers": at_most(different, 0, f"of {ROUNDS * CLIENTS * KEYS * RETRIES} answers"),
    }


def _request() -> "Request":
    from payments import idempotency

    return idempotency.request_of(principal="user:1", route="POST /bench/", key=str(uuid4()), body={"cart": "7"})


def _storm() -> tuple[float, int]:
    """All clients ask for the same keys at the same moment, again and again: (share from Redis, wrong answers)."""
    from django.db import connections
    from django.utils import timezone

    from payments import answers

    requests, start = [_request() for _ in range(KEYS)], threading.Barrier(CLIENTS)

    def client() -> int:
        wrong = 0
        try:
            start.wait(30)
            for request in requests:
                for _ in range(RETRIES):
                    wrong += _ask(request, now=timezone.now()).body != BODY
        finally:
            connections.close_all()
        return wrong

    before = answers.from_redis._value.get(), answers.from_database._value.get()
    with ThreadPoolExecutor(CLIENTS) as pool:
        wrong = sum(job.result() for job in [pool.submit(client) for _ in range(CLIENTS)])
    redis, database = answers.from_redis._value.get() - before[0], answers.from_database._value.get() - before[1]
    retries = CLIENTS * KEYS * RETRIES - KEYS
    assert redis + database == retries, (redis, database)
    return redis / retries, wrong


def _ask(request: "Request", *, now: datetime) -> "Answer":
    """As the checkout does it: Redis, else the claim and the work in one transaction."""
    from django.db import transaction

    from payments import idempotency
    from payments.idempotency import Answer

    if (found := idempotency.replay(request, now=now)) is not None:
        return found
    with transaction.atomic():
        claimed = idempotency.claim(request, now=now)
        if isinstance(claimed, Answer):
            return claimed
        answer = Answer(201, BODY, "application/octet-stream", "/bench/")
        idempotency.finish(claimed, answer, now=now)
        return answer


def _times(pairs: int = 300) -> dict[str, float]:
    """Milliseconds of one retry from either, taken in turn."""
    from django.db import transaction
    from django.utils import timezone

    from payments import idempotency

    request, now = _request(), timezone.now()
    _ask(request, now=now)
    times: dict[str, list[float]] = {"redis": [], "database": []}
    for _ in range(pairs):
        begin = time.perf_counter()
        idempotency.replay(request, now=now)
        middle = time.perf_counter()
        with transaction.atomic():
            idempotency.claim(request, now=now)
        times["redis"].append((middle - begin) * 1000)
        times["database"].append((time.perf_counter() - middle) * 1000)
    return {name: p50(found) for name, found in times.items()}
