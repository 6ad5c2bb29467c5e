"""Checks the invariants of the hall on the live database and names every row that breaks one.

They hold within two minutes of quiet, so rows that changed in the last two minutes are given the benefit of the doubt
wherever two things are written one after the other. Reads only.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from payments.reconciliation import compare

# How long after the last change the invariants may still be catching up (SAFETY).
QUIET = timedelta(seconds=120)


@dataclass(frozen=True, slots=True)
class Finding:
    """One row that breaks an invariant."""

    invariant: str
    row: str
    problem: str


@dataclass(frozen=True, slots=True)
class Check:
    """``find`` takes the time before which things must have settled."""

    invariant: str
    text: str
    find: Callable[[datetime], Iterator[Finding]]


def _query(invariant: str, problem: str, sql: str) -> Callable[[datetime], Iterator[Finding]]:
    """A check made of SQL that returns offending rows as (row, detail); %(settled)s is the time."""

    def find(settled: datetime) -> Iterator[Finding]:
        with connection.cursor() as cursor:
            cursor.execute(sql, {"settled": settled})
            for row, detail in cursor.fetchall():
                yield Finding(invariant, row, problem.format(detail=detail))

    return find


_I1 = """
SELECT 'idempotency key ' || k.id, k.location FROM payments_idempotencykey k
WHERE k.status BETWEEN 200 AND 399 AND k.location LIKE '/checkout/payment/%%'
AND NOT EXISTS (SELECT 1 FROM orders_ordergroup g WHERE g.number = split_part(k.location, '/', 4))
"""
_I1_EMPTY = """
SELECT 'order group ' || g.number, '' FROM orders_ordergroup g
WHERE NOT EXISTS (SELECT 1 FROM orders_order o WHERE o.group_id = g.id)
OR g.total_minor <> (SELECT COALESCE(SUM(o.total_minor), 0) FROM orders_order o WHERE o.group_id = g.id)
"""
_I2 = """
SELECT 'order group ' || g.number, COUNT(*) || ' payments' FROM payments_payment p
JOIN orders_ordergroup g ON g.id = p.group_id WHERE p.captured_minor > p.refunded_minor
GROUP BY g.number HAVING COUNT(*) > 1
"""
_I3_UNPAID = """
SELECT 'payment ' || p.id, g.number || ' is ' || g.state FROM payments_payment p
JOIN orders_ordergroup g ON g.id = p.group_id
WHERE p.captured_minor > p.refunded_minor AND p.succeeded_at < %(settled)s
AND (g.state <> 'paid' OR p.state <> 'succeeded')
"""
_I3_UNCHARGED = """
SELECT 'order group ' || g.number, '' FROM orders_ordergroup g
WHERE g.state = 'paid' AND g.paid_at < %(settled)s AND NOT EXISTS (
    SELECT 1 FROM payments_payment p WHERE p.group_id = g.id AND p.state = 'succeeded'
    AND p.captured_minor = g.total_minor
)
"""
_I3_ORDERS = """
SELECT 'order ' || o.number, o.state || ' in a group that is ' || g.state FROM orders_order o
JOIN orders_ordergroup g ON g.id = o.group_id
WHERE (g.state = 'paid') <> (o.state IN ('paid', 'shipped', 'delivered')) OR (g.state = 'pending') <> (o.state = 'pending')
"""
_I3_SHARES = """
SELECT 'payment ' || p.id, COALESCE(SUM(a.amount_minor), 0) || ' of ' || p.amount_minor FROM payments_payment p
LEFT JOIN payments_paymentallocation a ON a.payment_id = p.id
GROUP BY p.id HAVING COALESCE(SUM(a.amount_minor), 0) <> p.amount_minor
"""
_I4_HELD = """
SELECT 'stock of offer ' || s.offer_id, s.reserved || ' reserved, ' || COALESCE(h.units, 0) || ' held'
FROM inventory_stockitem s LEFT JOIN (
    SELECT stock_item_id, SUM(quantity) AS units FROM inventory_stockreservation WHERE state = 'active'
    GROUP BY stock_item_id
) h ON h.stock_item_id = s.offer_id
WHERE s.reserved <> COALESCE(h.units, 0) OR s.reserved < 0 OR s.reserved > s.on_hand
"""
_I4_MOVED = """
SELECT 'stock of offer ' || s.offer_id, s.on_hand || ' on hand, movements make ' || COALESCE(m.units, 0)
FROM inventory_stockitem s LEFT JOIN (
    SELECT stock_item_id, SUM(quantity) AS units FROM inventory_stockmovement GROUP BY stock_item_id
) m ON m.stock_item_id = s.offer_id
WHERE s.on_hand <> COALESCE(m.units, 0)
"""
_I4_SOLD = """
SELECT 'order group ' || g.number, 'offer ' || sold.offer_id || ': ' || sold.units || ' sold, '
    || COALESCE(taken.units, 0) || ' taken from stock'
FROM orders_ordergroup g JOIN (
    SELECT o.group_id, l.offer_id, SUM(l.quantity) AS units FROM orders_orderline l
    JOIN orders_order o ON o.id = l.order_id GROUP BY o.group_id, l.offer_id
) sold ON sold.group_id = g.id LEFT JOIN (
    SELECT reference, stock_item_id, -SUM(quantity) AS units FROM inventory_stockmovement WHERE kind = 'sold'
    GROUP BY reference, stock_item_id
) taken ON taken.reference = g.number AND taken.stock_item_id = sold.offer_id
WHERE COALESCE(taken.units, 0) <> CASE WHEN g.state = 'paid' THEN sold.units ELSE 0 END
"""
_I4_STALE = """
SELECT 'order group ' || g.number, 'held until ' || g.expires_at FROM orders_ordergroup g
WHERE g.state = 'pending' AND g.expires_at < %(settled)s AND NOT EXISTS (
    SELECT 1 FROM payments_payment p WHERE p.group_id = g.id AND p.state = 'processing'
)
"""
_I5 = """
SELECT 'journal entry ' || e.ref, COALESCE(SUM(p.amount_minor), 0) || ' ' || COALESCE(p.currency, 'without lines')
FROM payments_journalentry e LEFT JOIN payments_posting p ON p.entry_id = e.id
GROUP BY e.ref, p.currency HAVING COALESCE(SUM(p.amount_minor), 0) <> 0 OR COUNT(p.id) = 0
"""
_I6_BOOKS = """
SELECT 'payment ' || p.id, p.captured_minor || ' captured, ' || COALESCE(b.held, 0) || ' in the books'
FROM payments_payment p LEFT JOIN (
    SELECT e.ref, SUM(po.amount_minor) AS held FROM payments_journalentry e JOIN payments_posting po ON po.entry_id = e.id
    JOIN payments_ledgeraccount a ON a.id = po.account_id WHERE a.kind = 'provider_clearing' GROUP BY e.ref
) b ON b.ref = 'payment:' || p.id || ':settled'
WHERE p.captured_minor <> COALESCE(b.held, 0)
"""
_I6_REFUNDS = """
SELECT 'refund ' || r.id, r.state || ', ' || COALESCE(b.held, 0) || ' in the books' FROM payments_refund r LEFT JOIN (
    SELECT e.ref, -SUM(po.amount_minor) AS held FROM payments_journalentry e JOIN payments_posting po ON po.entry_id = e.id
    JOIN payments_ledgeraccount a ON a.id = po.account_id WHERE a.kind = 'provider_clearing' GROUP BY e.ref
) b ON b.ref = 'refund:' || r.id || ':done'
WHERE (r.state = 'succeeded' AND COALESCE(b.held, 0) <> r.amount_minor)
OR (r.state IN ('intended', 'unknown', 'pending') AND b.held IS NOT NULL)
"""
_I8_OUTBOX = """
SELECT 'outbox event ' || id, topic || ' to ' || handler FROM core_outboxevent
WHERE processed_at IS NULL AND dead_at IS NULL AND due_at < %(settled)s
"""
_I8_INBOX = """
SELECT 'inbox event ' || event_id, type FROM payments_inboxevent
WHERE processed_at IS NULL AND dead_at IS NULL AND due_at < %(settled)s
"""
_I9 = """
SELECT 'idempotency key ' || id, 'locked since ' || locked_at FROM payments_idempotencykey
WHERE (status IS NULL AND locked_at < %(settled)s) OR (status IS NOT NULL AND locked_at IS NOT NULL)
"""
_I10 = """
SELECT 'payment ' || p.id, p.refunded_minor || ' refunded of ' || p.captured_minor || ', refunds make '
    || COALESCE(SUM(r.amount_minor) FILTER (WHERE r.state = 'succeeded'), 0)
FROM payments_payment p LEFT JOIN payments_refund r ON r.payment_id = p.id
GROUP BY p.id HAVING p.refunded_minor > p.captured_minor
OR p.refunded_minor <> COALESCE(SUM(r.amount_minor) FILTER (WHERE r.state = 'succeeded'), 0)
OR COALESCE(SUM(r.amount_minor) FILTER (WHERE r.state <> 'failed'), 0) > p.captured_minor
"""


def _provider(settled: datetime) -> Iterator[Finding]:
    """Asks the provider for its own list of payments and refunds."""
    for drift in compare(now=settled + QUIET, settled=settled):
        yield Finding(drift.invariant, drift.row, drift.problem)


CHECKS: Sequence[Check] = (
    Check("I1", "acknowledged orders exist", _query("I1", "answered with {detail}, which does not exist", _I1)),
    Check("I1", "groups have their orders", _query("I1", "the orders do not add up to the group", _I1_EMPTY)),
    Check("I2", "one charge per order group", _query("I2", "charged more than once: {detail}", _I2)),
    Check("I3", "charged means paid", _query("I3", "charged and not refunded, but order {detail}", _I3_UNPAID)),
    Check("I3", "paid means charged", _query("I3", "paid without a charge of its total", _I3_UNCHARGED)),
    Check("I3", "orders follow their group", _query("I3", "{detail}", _I3_ORDERS)),
    Check("I3", "allocations add up", _query("I3", "allocated {detail}", _I3_SHARES)),
    Check("I4", "reserved stock is held by someone", _query("I4", "{detail}", _I4_HELD)),
    Check("I4", "stock is the sum of its movements", _query("I4", "{detail}", _I4_MOVED)),
    Check("I4", "sold goods left the stock once", _query("I4", "{detail}", _I4_SOLD)),
    Check("I4", "holds end", _query("I4", "{detail} and still pending", _I4_STALE)),
    Check("I5", "entries sum to zero", _query("I5", "sums to {detail}", _I5)),
    Check("I6", "payments are in the books", _query("I6", "{detail}", _I6_BOOKS)),
    Check("I6", "refunds are in the books", _query("I6", "{detail}", _I6_REFUNDS)),
    Check("I8", "the outbox is delivered", _query("I8", "not delivered: {detail}", _I8_OUTBOX)),
    Check("I8", "the inbox is processed", _query("I8", "not processed: {detail}", _I8_INBOX)),
    Check("I9", "answers are stored whole", _query("I9", "{detail}", _I9)),
    Check("I10", "refunded at most what was captured", _query("I10", "{detail}", _I10)),
)
WITH_PROVIDER = Check("I6", "the provider's own list agrees", _provider)


def audit(*, now: datetime, offline: bool = False) -> list[Finding]:
    """Everything that breaks an invariant. Raises the gateway's errors unless ``offline``.

    I7 (payouts) has no check yet, because there are no payouts.
    """
    settled = now - QUIET
    checks = CHECKS if offline else (*CHECKS, WITH_PROVIDER)
    return [finding for check in checks for finding in check.find(settled)]
