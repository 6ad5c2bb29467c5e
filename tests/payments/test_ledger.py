import uuid
from contextlib import AbstractContextManager
from datetime import datetime

import pytest
from django.db import DatabaseError, IntegrityError, InternalError, connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from marketplace.core.db import NoOpenTransaction
from marketplace.sellers.models import Seller
from payments import ledger
from payments.ledger import Kind, Line, Unbalanced
from payments.models import JournalEntry, LedgerAccount, Posting

pytestmark = pytest.mark.django_db(transaction=True)


def totals() -> dict[tuple[str, int | None, str], int]:
    """The balance of every account."""
    found: dict[tuple[str, int | None, str], int] = {}
    for posting in Posting.objects.select_related("account"):
        name = (posting.account.kind, posting.account.seller_id, posting.currency)
        found[name] = found.get(name, 0) + posting.amount_minor
    return found


def sale(amount: int, seller: Seller) -> list[Line]:
    return [Line(Kind.PROVIDER_CLEARING, amount, "EUR"), Line(Kind.SELLER_PAYABLE, -amount, "EUR", seller.pk)]


def test_an_entry_is_posted_once_per_ref(kiln: Seller, now: datetime) -> None:
    with transaction.atomic():
        assert ledger.post(ref="a", kind="sale", lines=sale(500, kiln), now=now)
        assert not ledger.post(ref="a", kind="sale", lines=sale(900, kiln), now=now)
    assert totals() == {("provider_clearing", None, "EUR"): 500, ("seller_payable", kiln.pk, "EUR"): -500}


def test_accounts_are_shared_between_entries(kiln: Seller, now: datetime) -> None:
    with transaction.atomic():
        ledger.post(ref="a", kind="sale", lines=sale(500, kiln), now=now)
        ledger.post(ref="b", kind="sale", lines=sale(250, kiln), now=now)
    assert LedgerAccount.objects.count() == 2
    assert totals()[("seller_payable", kiln.pk, "EUR")] == -750


def test_nothing_is_posted_outside_a_transaction(kiln: Seller, now: datetime) -> None:
    with pytest.raises(NoOpenTransaction):
        ledger.post(ref="a", kind="sale", lines=sale(500, kiln), now=now)


@pytest.mark.parametrize(
    "amounts", [[], [(100, "EUR")], [(100, "EUR"), (-99, "EUR")], [(100, "EUR"), (-100, "USD")], [(0, "EUR")]]
)
def test_lines_that_do_not_sum_to_zero_are_refused(amounts: list[tuple[int, str]], now: datetime) -> None:
    lines = [Line(Kind.PROVIDER_CLEARING, amount, currency) for amount, currency in amounts]
    with pytest.raises(Unbalanced), transaction.atomic():
        ledger.post(ref="a", kind="sale", lines=lines, now=now)
    assert not JournalEntry.objects.exists()


@given(shares=st.lists(st.integers(min_value=1, max_value=10**12), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_split_of_any_amount_balances(shares: list[int], kiln: Seller, now: datetime) -> None:
    ref = str(uuid.uuid4())
    lines = [Line(Kind.PROVIDER_CLEARING, sum(shares), "EUR")]
    lines += [Line(Kind.SELLER_PAYABLE, -share, "EUR", kiln.pk) for share in shares]
    with transaction.atomic():
        assert ledger.post(ref=ref, kind="sale", lines=lines, now=now)
    amounts = Posting.objects.filter(entry__ref=ref).values_list("amount_minor", flat=True)
    assert sorted(amounts) == sorted([sum(shares), *(-share for share in shares)])
    assert sum(totals().values()) == 0


@given(
    steps=st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(min_value=1, max_value=10**9)), min_size=1, max_size=20
    )
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_replays_in_any_order_change_nothing(steps: list[tuple[str, int]], kiln: Seller, now: datetime) -> None:
    """The books hold the first entry of each ref, whatever comes afterwards."""
    run = str(uuid.uuid4())
    first: dict[str, int] = {}
    for name, amount in steps:
        first.setdefault(name, amount)
        with transaction.atomic():
            ledger.post(ref=f"{run}:{name}", kind="sale", lines=sale(amount, kiln), now=now)
    held = Posting.objects.filter(entry__ref__startswith=run, amount_minor__gt=0).values_list("amount_minor", flat=True)
    assert sum(held) == sum(first.values())


# --- what the database refuses, whoever asks ------------------------------------------------------------------------


@pytest.fixture
def booked(kiln: Seller, now: datetime) -> JournalEntry:
    with transaction.atomic():
        ledger.post(ref="booked", kind="sale", lines=sale(500, kiln), now=now)
    return JournalEntry.objects.get(ref="booked")


@pytest.mark.parametrize("table", ["payments_posting", "payments_journalentry"])
@pytest.mark.parametrize(
    "statement",
    ["UPDATE {table} SET id = id", "DELETE FROM {table}", "TRUNCATE {table} CASCADE"],
    ids=["update", "delete", "truncate"],
)
def test_the_books_are_append_only(booked: JournalEntry, table: str, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(table=table))
    assert Posting.objects.count() == 2


def refused() -> AbstractContextManager[object]:
    return pytest.raises((IntegrityError, InternalError), match="does not sum to zero")


@transaction.atomic
def by_hand(lines: list[tuple[LedgerAccount, int]], now: datetime) -> None:
    """An entry written past the ledger's own check."""
    entry = JournalEntry.objects.create(ref="crooked", kind="sale", created_at=now)
    for account, amount in lines:
        Posting.objects.create(entry=entry, account=account, amount_minor=amount, currency=account.currency)


def test_an_unbalanced_entry_cannot_be_committed(kiln: Seller, now: datetime) -> None:
    account = LedgerAccount.objects.create(kind=Kind.PROVIDER_CLEARING, currency="EUR")
    with refused():
        by_hand([(account, 5)], now)
    assert not JournalEntry.objects.exists()


def test_a_line_cannot_be_added_to_an_old_entry(booked: JournalEntry) -> None:
    account = LedgerAccount.objects.get(kind=Kind.PROVIDER_CLEARING)
    with refused(), transaction.atomic():
        Posting.objects.create(entry=booked, account=account, amount_minor=5, currency="EUR")


def test_two_currencies_do_not_make_up_for_each_other(now: datetime) -> None:
    euros = LedgerAccount.objects.create(kind=Kind.PROVIDER_CLEARING, currency="EUR")
    dollars = LedgerAccount.objects.create(kind=Kind.PROVIDER_CLEARING, currency="USD")
    with refused():
        by_hand([(euros, 5), (dollars, -5)], now)


def test_a_posting_of_nothing_is_refused(booked: JournalEntry) -> None:
    account = LedgerAccount.objects.get(kind=Kind.PROVIDER_CLEARING)
    with pytest.raises(IntegrityError, match="posting_not_zero"), transaction.atomic():
        Posting.objects.create(entry=booked, account=account, amount_minor=0, currency="EUR")
