import json
from datetime import datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from marketplace.catalog.models import Offer
from marketplace.core.services import relay
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from payments import audit, checkout, reconciliation
from payments.models import InboxEvent, Payment
from tests import factories
from tests.shopping import a_cart, a_checkout, payment_of
from tests.stripe_control import StripeControl

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def clock() -> datetime:
    return timezone.now()


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    return factories.an_offer(seller=kiln, price_minor=2500, stock=3)


@pytest.fixture
def paid(stripe: StripeControl, vase: Offer, clock: datetime) -> OrderGroup:
    """A paid order group, and another one that waits for its payment."""
    group = a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    stripe.pay(payment_of(group).provider_id or "")
    checkout.check_payment(group_id=group.pk, now=clock)
    a_checkout(a_cart({vase: 1}, now=clock), now=clock)
    while relay(now=timezone.now()):  # a delivered fact may ask for an e-mail, which is another one
        continue
    return group


def found(clock: datetime, *, offline: bool = True) -> set[str]:
    later = clock + timedelta(minutes=10)
    return {finding.invariant for finding in audit.audit(now=later, offline=offline)}


@transaction.atomic
def tamper(sql: str) -> None:
    """Changes rows past the triggers that forbid it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql)
        assert cursor.rowcount > 0


def test_a_healthy_hall_has_no_findings(paid: OrderGroup, clock: datetime) -> None:
    assert found(clock, offline=False) == set()


BREAKS = [
    ("I1", "UPDATE payments_idempotencykey SET location = '/checkout/payment/A-GONE/'"),
    ("I1", "UPDATE orders_order SET total_minor = total_minor + 1, items_minor = items_minor + 1"),
    ("I2", "UPDATE payments_payment SET captured_minor = amount_minor, group_id = (SELECT MIN(id) FROM orders_ordergroup),"
           " state = CASE WHEN state = 'open' THEN 'cancelled' ELSE state END"),
    ("I3", "UPDATE orders_ordergroup SET state = 'cancelled' WHERE state = 'paid'"),
    ("I3", "UPDATE orders_ordergroup SET state = 'paid', paid_at = placed_at WHERE state = 'pending'"),
    ("I3", "UPDATE orders_order SET state = 'cancelled' WHERE state = 'paid'"),
    ("I3", "UPDATE payments_paymentallocation SET amount_minor = amount_minor - 1"),
    ("I4", "UPDATE inventory_stockitem SET reserved = reserved - 1"),
    ("I4", "UPDATE inventory_stockitem SET on_hand = on_hand + 1"),
    ("I4", "DELETE FROM inventory_stockmovement WHERE kind = 'sold'"),
    ("I4", "UPDATE orders_ordergroup SET expires_at = placed_at - interval '1 hour' WHERE state = 'pending'"),
    ("I5", "UPDATE payments_posting SET amount_minor = amount_minor + 1 WHERE amount_minor > 0"),
    ("I5", "DELETE FROM payments_posting"),
    ("I6", "UPDATE payments_posting SET amount_minor = amount_minor * 2"),
    ("I6", "UPDATE payments_journalentry SET ref = 'lost'"),
    ("I8", "UPDATE core_outboxevent SET processed_at = NULL, due_at = now() - interval '1 hour'"),
    ("I9", "UPDATE payments_idempotencykey SET status = NULL, locked_at = now() - interval '1 hour'"),
    ("I10", "UPDATE payments_payment SET refunded_minor = 1 WHERE captured_minor > 0"),
]  # fmt: skip


@pytest.mark.parametrize(("invariant", "sql"), BREAKS, ids=[f"{name}-{n}" for n, (name, _) in enumerate(BREAKS)])
def test_a_broken_row_is_named(paid: OrderGroup, clock: datetime, invariant: str, sql: str) -> None:
    tamper(sql)
    assert invariant in found(clock)


def test_an_unprocessed_event_is_named(paid: OrderGroup, clock: datetime) -> None:
    InboxEvent.objects.create(
        provider="stripe", event_id="evt_stuck", type="x", payload={}, received_at=clock, due_at=clock
    )
    findings = audit.audit(now=clock + timedelta(minutes=10), offline=True)
    assert [(item.invariant, item.row) for item in findings] == [("I8", "inbox event evt_stuck")]


def test_nobody_is_blamed_before_two_minutes_have_passed(paid: OrderGroup, clock: datetime) -> None:
    InboxEvent.objects.create(
        provider="stripe", event_id="evt_new", type="x", payload={}, received_at=clock, due_at=clock
    )
    assert audit.audit(now=clock + timedelta(seconds=119), offline=True) == []


# --- the provider's own list ----------------------------------------------------------------------------------------


def test_a_charge_we_missed_is_found_and_repaired(stripe: StripeControl, paid: OrderGroup, clock: datetime) -> None:
    waiting = OrderGroup.objects.get(state=OrderGroup.State.PENDING)
    stripe.pay(payment_of(waiting).provider_id or "")
    later = clock + timedelta(minutes=10)
    drifts = reconciliation.compare(now=later, settled=later)
    assert [drift.row for drift in drifts] == [f"payment {payment_of(waiting).pk}"]
    assert reconciliation.repair(drifts, now=later) == (1, [])
    assert reconciliation.compare(now=later, settled=later) == []
    waiting.refresh_from_db()
    assert waiting.state == OrderGroup.State.PAID


def test_a_charge_for_a_payment_that_is_gone_is_found(stripe: StripeControl, paid: OrderGroup, clock: datetime) -> None:
    tamper("DELETE FROM payments_paymentallocation")
    tamper("DELETE FROM payments_payment")
    assert "I6" in found(clock, offline=False)


def test_a_payment_the_provider_does_not_know_is_found(
    stripe: StripeControl, paid: OrderGroup, clock: datetime
) -> None:
    stripe.control("reset")
    assert "I6" in found(clock, offline=False)


def test_two_charges_for_one_group_are_found(stripe: StripeControl, paid: OrderGroup, clock: datetime) -> None:
    waiting = payment_of(OrderGroup.objects.get(state=OrderGroup.State.PENDING))
    stripe.pay(waiting.provider_id or "")
    Payment.objects.filter(pk=waiting.pk).update(state=Payment.State.CANCELLED, group=paid)
    assert "I2" in found(clock, offline=False)


def test_events_that_never_arrived_are_fetched(stripe: StripeControl, paid: OrderGroup, clock: datetime) -> None:
    missed = len(stripe.events())
    assert reconciliation.fetch_lost_events(now=clock) == missed
    assert reconciliation.fetch_lost_events(now=clock) == 0


# --- the commands ---------------------------------------------------------------------------------------------------


def test_audit_answers_in_json_and_with_its_exit_status(paid: OrderGroup) -> None:
    out = StringIO()
    call_command("audit", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert (report["ok"], report["findings"]) == (True, [])
    assert report["checked"] == ["I1", "I2", "I3", "I4", "I5", "I6", "I8", "I9", "I10"]
    tamper("UPDATE payments_posting SET amount_minor = amount_minor + 1 WHERE amount_minor > 0")
    out = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("audit", "--offline", stdout=out)
    assert caught.value.code == 1
    assert "I5  journal entry payment:" in out.getvalue()


def test_reconcile_repairs_through_the_usual_door(stripe: StripeControl, paid: OrderGroup) -> None:
    waiting = OrderGroup.objects.get(state=OrderGroup.State.PENDING)
    stripe.pay(payment_of(waiting).provider_id or "")
    Payment.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    out = StringIO()
    with pytest.raises(SystemExit) as caught:
        call_command("reconcile", stdout=out)
    assert caught.value.code == 1
    out = StringIO()
    call_command("reconcile", "--repair", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert (report["repaired"], report["findings"]) == (1, [])
    assert payment_of(waiting).state == "succeeded"
