"""What the operators see of money: outcomes and postings counted after their commit, depths looked up at a scrape."""

from collections.abc import Sequence
from functools import partial

from django.db import connection, transaction

from marketplace.core import hall
from monitoring.metrics import collected, samples
from monitoring.metrics.instruments import counter

# The outcome of a payment, and whether it is a failure that alerts look at. A buyer who leaves is none, nor is the bank's no:
# one card in twenty is declined on an ordinary day.
OUTCOMES = {
    "succeeded": False,
    "goods_gone": False,
    "cancelled": False,
    "declined": False,
    "provider_error": True,
    "mismatch": True,
}
_SETTLED = ("succeeded", "goods_gone")

payments_total = counter("payments", "Payments by outcome, as it became known.", ["outcome"])
captured_total = counter("payments_captured_minor_units", "Money that has arrived, in minor units.", ["currency"])
postings_total = counter("ledger_postings", "Lines written into the books, by kind of entry.", ["kind"])
for _outcome in OUTCOMES:
    payments_total.labels(_outcome)

_INBOX = """
SELECT count(*), coalesce(extract(epoch FROM clock_timestamp() - min(received_at)), 0)
FROM payments_inboxevent WHERE processed_at IS NULL AND dead_at IS NULL
"""
_UNFINISHED = """
SELECT state, count(*) FROM payments_payment
WHERE state IN ('intended', 'open', 'processing', 'unknown') GROUP BY state
"""
_IMBALANCE = "SELECT currency, sum(amount_minor) FROM payments_posting GROUP BY currency"
_DEAD = "SELECT count(*) FROM payments_inboxevent WHERE processed_at IS NULL AND dead_at IS NOT NULL"


def outcome(name: str) -> None:
    """Counts the outcome of a payment, if the transaction at hand commits; at once when there is none."""
    transaction.on_commit(partial(_count, name), robust=True)


def failed_now(name: str) -> None:
    """Counts a failure that ends its transaction: it has happened whether or not anything is kept of it."""
    _count(name)


def captured(amount_minor: int, currency: str) -> None:
    """Counts money that has arrived, if the transaction at hand commits."""
    transaction.on_commit(partial(captured_total.labels(currency).inc, amount_minor), robust=True)


def posted(kind: str, lines: int) -> None:
    """Counts lines of the books, if the transaction at hand commits."""
    transaction.on_commit(partial(postings_total.labels(kind).inc, lines), robust=True)


def _count(name: str) -> None:
    payments_total.labels(name).inc()
    if name in _SETTLED or OUTCOMES[name]:
        samples.observe("payment", bad=OUTCOMES[name])


def register() -> None:
    """Registers the gauges that are looked up when somebody scrapes."""
    collected.register("inbox_events", "Messages of the provider not processed yet.", lambda: [({}, _inbox()[0])])
    collected.register(
        "inbox_oldest_age_seconds",
        "Age of the oldest message not processed yet.",
        lambda: [({}, _inbox()[1])],
        level="inbox_age_s",
    )
    collected.register(
        "payments_unfinished", "Payments that are neither paid nor cancelled, by state.", unfinished, labels=["state"]
    )
    # Rarely, and with a limit of their own: the last ones read whole tables.
    collected.register(
        "inbox_dead_events",
        "Messages of the provider that were given up and wait for people.",
        lambda: [({}, float(_rows(_DEAD)[0][0]))],
        source="database:audit",
        every=60.0,
        limit=2.0,
        level="inbox_dead",
    )
    collected.register(
        "ledger_imbalance_minor_units",
        "Sum of all postings by currency, which must be zero.",
        imbalance,
        labels=["currency"],
        source="database:audit",
        every=300.0,
        limit=4.0,
    )
    collected.register(
        "ledger_unbalanced_currencies",
        "Currencies in which the postings do not sum to zero.",
        unbalanced,
        source="database:audit",
        every=300.0,
        limit=4.0,
        level="ledger_unbalanced",
    )


def unbalanced() -> Sequence[collected.Row]:
    """In how many currencies the books do not sum to zero."""
    return [({}, float(sum(total != 0 for _, total in imbalance())))]


def unfinished() -> Sequence[collected.Row]:
    """How many payments are in each unfinished state."""
    found = {str(state): float(count) for state, count in _rows(_UNFINISHED)}
    return [({"state": state}, found.get(state, 0.0)) for state in ("intended", "open", "processing", "unknown")]


def imbalance() -> Sequence[collected.Row]:
    """What the books sum to, per currency; zero for a hall without any."""
    found = {str(currency): float(total) for currency, total in _rows(_IMBALANCE)}
    found.setdefault(hall.currency(), 0.0)
    return [({"currency": currency}, total) for currency, total in sorted(found.items())]


def _inbox() -> tuple[float, float]:
    count, age = _rows(_INBOX)[0]
    return float(count), max(0.0, float(age))


def _rows(sql: str) -> list[tuple[str | int | float, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        found: list[tuple[str | int | float, ...]] = cursor.fetchall()
    return found
