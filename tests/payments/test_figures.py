"""What operators see of money: only what was committed, and each outcome once."""

import pytest
from django.db import transaction
from prometheus_client.registry import REGISTRY

from marketplace.orders import figures as order_figures
from monitoring.metrics import samples
from payments import figures


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"awning_{name}", labels) or 0.0


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    found: list[tuple[str, bool]] = []
    monkeypatch.setattr(samples, "observe", lambda name, *, bad=False: found.append((name, bad)))
    return found


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_is_not_counted(seen: list[tuple[str, bool]]) -> None:
    def count() -> tuple[float, ...]:
        return (
            value("payments_total", outcome="succeeded"),
            value("payments_captured_minor_units_total", currency="EUR"),
            value("ledger_postings_total", kind="payment"),
            value("orders_placed_total"),
            value("orders_paid_total"),
        )

    def settle() -> None:
        figures.outcome("succeeded")
        figures.captured(4_900, "EUR")
        figures.posted("payment", 3)
        order_figures.placed()
        order_figures.paid()

    before = count()
    with transaction.atomic():
        settle()
        transaction.set_rollback(True)
    assert count() == before
    assert not seen
    with transaction.atomic():
        settle()
        assert count() == before, "not before the commit"
    assert [now - then for now, then in zip(count(), before, strict=True)] == [1, 4_900, 3, 1, 1]
    assert seen == [("payment", False)]


@pytest.mark.django_db(transaction=True)
def test_failures_are_what_alerts_look_at_and_neither_a_leaving_buyer_nor_a_banks_no_is_one(
    seen: list[tuple[str, bool]],
) -> None:
    for name in figures.OUTCOMES:
        figures.outcome(name)
    assert [bad for _, bad in seen] == [False, False, True, True]
    assert len(figures.OUTCOMES) == 6


@pytest.mark.django_db(transaction=True)
def test_a_mismatch_counts_although_its_transaction_ends(seen: list[tuple[str, bool]]) -> None:
    with transaction.atomic():
        figures.failed_now("mismatch")
        transaction.set_rollback(True)
    assert seen == [("payment", True)]


@pytest.mark.django_db
def test_an_empty_hall_has_figures_too() -> None:
    assert figures.imbalance() == [({"currency": "EUR"}, 0.0)]
    assert [count for _, count in figures.unfinished()] == [0.0, 0.0, 0.0, 0.0]
