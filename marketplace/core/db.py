"""Transactions: the guards around them and the order in which rows are locked."""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import DEFAULT_DB_ALIAS, OperationalError, connections, transaction
from django.db.models import Model, QuerySet

from monitoring.database import retries

M = TypeVar("M", bound=Model)
T = TypeVar("T")

# PostgreSQL's codes for "run the whole transaction again": serialization_failure and deadlock_detected.
RETRYABLE = {"40001", "40P01"}


class OpenTransaction(RuntimeError):
    """A network call was about to run inside a transaction: locks outlive patience."""


class NoOpenTransaction(RuntimeError):
    """A fact was about to be written outside the transaction that makes it true."""


def in_transaction(using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether the code has opened a transaction; the one a test case wraps around itself does not count."""
    blocks = connections[using].atomic_blocks
    return any(not getattr(block, "_from_testcase", False) for block in blocks)


def forbid_transaction(what: str) -> None:
    """Raises OpenTransaction when a transaction is open. Call it at every door to the network."""
    if in_transaction():
        raise OpenTransaction(f"{what} inside a transaction: record the intent, commit, then call.")


def require_transaction(what: str) -> None:
    """Raises NoOpenTransaction when no transaction is open."""
    if not in_transaction():
        raise NoOpenTransaction(f"{what} needs the transaction that makes it true.")


def locked(rows: "QuerySet[M]") -> "list[M]":
    """The rows, locked for update in primary-key order, so that two callers never wait for each other in a ring."""
    return list(rows.order_by("pk").select_for_update(of=("self",)))


def run_again(work: Callable[[], T], *, attempts: int = 3) -> T:
    """Runs ``work`` in one transaction, again when PostgreSQL asks for it, at most ``attempts`` times with full jitter.

    Only a serialization failure or a deadlock is repeated: both mean that nothing was committed. A COMMIT that failed in any
    other way may have happened, and what happens after the commit (``on_commit``) is not part of the transaction. Inside
    another transaction nothing is repeated: its earlier half would be lost.
    """
    for attempt in range(1, attempts + 1):
        committed: list[bool] = []
        try:
            with transaction.atomic():
                # The first of all that run after the commit: whatever a later one raises, the work is done.
                transaction.on_commit(lambda done=committed: done.append(True))  # type: ignore[misc]
                return work()
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", None)
            if state not in RETRYABLE or committed or in_transaction():
                raise
            retries.ended(state, "gave_up" if attempt == attempts else "again")
            if attempt == attempts:
                raise
            time.sleep(random.uniform(0, 0.05 * 2**attempt))  # noqa: S311 - jitter, not a secret
    raise AssertionError("unreachable")
