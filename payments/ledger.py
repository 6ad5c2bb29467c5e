"""The books: the only functions that write postings. A debit is positive, a credit negative, amounts are minor units.

Money that arrives debits what the provider holds for us and credits what we owe, to sellers or back to buyers. Rows are
never changed: a mistake is answered by another entry. The database refuses what this module should never write.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q, Sum

from marketplace.core.db import require_transaction
from marketplace.core.errors import AwningError
from payments import figures
from payments.models import LedgerAccount, Payment, Posting, Refund

Kind = LedgerAccount.Kind


class Unbalanced(AwningError):
    """An entry whose lines do not sum to zero in every currency, or has no lines."""

    code = "unbalanced"
    status = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One posting to be. ``seller_id`` is None for the hall's own accounts."""

    kind: Kind
    amount_minor: int
    currency: str
    seller_id: int | None = None


def post(*, ref: str, kind: str, lines: Sequence[Line], now: datetime) -> bool:
    """Writes one entry, once: False when ``ref`` is in the books already. Raises Unbalanced, NoOpenTransaction."""
    require_transaction(f"ledger.post({ref!r})")
    lines = [line for line in lines if line.amount_minor]
    _check(lines)
    entry_id = _insert_entry(ref, kind, now)
    if entry_id is None:
        return False
    Posting.objects.bulk_create(
        Posting(entry_id=entry_id, account=_account(line), amount_minor=line.amount_minor, currency=line.currency)
        for line in lines
    )
    figures.posted(kind, len(lines))
    return True


def _insert_entry(ref: str, kind: str, now: datetime) -> int | None:
    """The unique insert decides between two writers: the second waits for the first, and then has nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO payments_journalentry (ref, kind, created_at) VALUES (%s, %s, %s) "
            "ON CONFLICT (ref) DO NOTHING RETURNING id",
            [ref, kind, now],
        )
        row = cursor.fetchone()
    return row[0] if row else None


def _check(lines: Sequence[Line]) -> None:
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[line.currency] += line.amount_minor
    if not lines or any(sums.values()):
        raise Unbalanced(f"The lines must sum to zero in every currency, they sum to {dict(sums)}.")


def _account(line: Line) -> LedgerAccount:
    key = Q(kind=line.kind, seller_id=line.seller_id, currency=line.currency)
    found = LedgerAccount.objects.filter(key).first()
    if found is None:
        account = LedgerAccount(kind=line.kind, seller_id=line.seller_id, currency=line.currency)
        LedgerAccount.objects.bulk_create([account], ignore_conflicts=True)
        found = LedgerAccount.objects.get(key)
    return found


def settle_payment(payment: Payment, *, now: datetime) -> bool:
    """The money has arrived for orders that stand: each seller is owed the share of the allocations."""
    shares = payment.allocations.order_by("order__seller_id").values_list("order__seller_id", "amount_minor")
    lines = [
        _held(payment, payment.captured_minor),
        *(Line(Kind.SELLER_PAYABLE, -amount, payment.currency, seller) for seller, amount in shares),
    ]
    return post(ref=settled_ref(payment), kind="payment", lines=lines, now=now)


def settle_for_refund(payment: Payment, *, now: datetime) -> bool:
    """The money has arrived for orders that cannot be filled: it is owed back to the buyer."""
    lines = [
        _held(payment, payment.captured_minor),
        Line(Kind.BUYER_REFUNDABLE, -payment.captured_minor, payment.currency),
    ]
    return post(ref=settled_ref(payment), kind="payment_to_refund", lines=lines, now=now)


def record_refund(refund: Refund, *, now: datetime) -> bool:
    """The provider has given money back to the buyer, from what is owed to buyers."""
    currency = refund.payment.currency
    lines = [
        Line(Kind.BUYER_REFUNDABLE, refund.amount_minor, currency),
        Line(Kind.PROVIDER_CLEARING, -refund.amount_minor, currency),
    ]
    return post(ref=refunded_ref(refund), kind="refund", lines=lines, now=now)


def reverse_refund(refund: Refund, *, now: datetime) -> bool:
    """A refund that had counted as done came back from the bank: the money is with the provider again, and owed."""
    currency = refund.payment.currency
    lines = [
        Line(Kind.PROVIDER_CLEARING, refund.amount_minor, currency),
        Line(Kind.BUYER_REFUNDABLE, -refund.amount_minor, currency),
    ]
    return post(ref=f"{refunded_ref(refund)}:reversed", kind="refund_reversed", lines=lines, now=now)


def settled_ref(payment: Payment) -> str:
    """The entry's name for the arrival of this payment."""
    return f"payment:{payment.pk}:settled"


def refunded_ref(refund: Refund) -> str:
    """The entry's name for this refund."""
    return f"refund:{refund.pk}:done"


def _held(payment: Payment, amount_minor: int) -> Line:
    return Line(Kind.PROVIDER_CLEARING, amount_minor, payment.currency)


def balance(accounts: Iterable[LedgerAccount]) -> int:
    """The sum of all postings to these accounts; positive is a debit balance."""
    return Posting.objects.filter(account__in=list(accounts)).aggregate(total=Sum("amount_minor"))["total"] or 0
