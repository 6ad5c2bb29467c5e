"""Money: intents, refunds, the ledger, and what the provider told us. Amounts are minor units."""

import uuid

import pgtrigger
from django.db import models

from marketplace.core.append_only import append_only
from marketplace.orders.models import Order, OrderGroup
from marketplace.sellers.models import Seller


class Payment(models.Model):
    """One attempt to be paid for a group. The row is written first; its id is the provider's idempotency key."""

    class State(models.TextChoices):
        # Written, the provider has perhaps not heard of it.
        INTENDED = "intended", "Being prepared"
        # The provider waits for the buyer: card, 3-D Secure.
        OPEN = "open", "Awaiting the buyer"
        PROCESSING = "processing", "Processing"
        # A call timed out after it was sent: only the provider knows.
        UNKNOWN = "unknown", "Being checked"
        SUCCEEDED = "succeeded", "Paid"
        CANCELLED = "cancelled", "Cancelled"

    class Flow(models.TextChoices):
        ELEMENT = "element", "Card form on our page"
        HOSTED = "hosted", "The provider's page"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    group = models.ForeignKey(OrderGroup, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=20, default="stripe")
    flow = models.CharField(max_length=8, choices=Flow.choices, default=Flow.ELEMENT)
    provider_id = models.CharField(max_length=80, null=True, blank=True, unique=True)
    provider_session_id = models.CharField(max_length=120, null=True, blank=True, unique=True)
    client_secret = models.CharField(max_length=200, blank=True, default="")
    # The body sent to the provider, fixed together with the key: a release in between must not change it.
    request = models.JSONField()
    amount_minor = models.PositiveBigIntegerField()
    currency = models.CharField(max_length=3)
    captured_minor = models.PositiveBigIntegerField(default=0)
    refunded_minor = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=10, choices=State.choices, default=State.INTENDED)
    decline_code = models.CharField(max_length=60, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    last_error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["group"], name="payment_one_live_per_group", condition=~models.Q(state="cancelled")
            ),
            models.CheckConstraint(
                condition=models.Q(captured_minor__lte=models.F("amount_minor")), name="payment_captured_at_most_amount"
            ),
            models.CheckConstraint(
                condition=models.Q(refunded_minor__lte=models.F("captured_minor")),
                name="payment_refunded_at_most_captured",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="payment_unfinished",
                condition=models.Q(state__in=["intended", "open", "processing", "unknown"]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PaymentAllocation(models.Model):
    """How much of a payment belongs to which order; the allocations of a payment add up to it."""

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="allocations")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="allocations")
    amount_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["payment", "order"], name="allocation_once_per_order")]

    def __str__(self) -> str:
        return f"{self.amount_minor} of {self.payment_id}"


class Refund(models.Model):
    """Money on its way back. Like a payment, the row is written first and its id is the provider's key."""

    class State(models.TextChoices):
        INTENDED = "intended", "Being prepared"
        UNKNOWN = "unknown", "Being checked"
        PENDING = "pending", "On its way"
        SUCCEEDED = "succeeded", "Refunded"
        FAILED = "failed", "Failed"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    provider_id = models.CharField(max_length=80, null=True, blank=True, unique=True)
    amount_minor = models.PositiveBigIntegerField()
    reason = models.CharField(max_length=200)
    request = models.JSONField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.INTENDED)
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField()
    last_error = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField()
    succeeded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(amount_minor__gt=0), name="refund_amount_positive"),
        ]
        indexes = [
            models.Index(
                fields=["due_at"],
                name="refund_unfinished",
                condition=models.Q(state__in=["intended", "unknown", "pending"]),
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class LedgerAccount(models.Model):
    """An account of the hall's books, one per kind, owner and currency."""

    class Kind(models.TextChoices):
        # Asset: what the payment provider holds for us.
        PROVIDER_CLEARING = "provider_clearing", "Held by the provider"
        # Liability: what we owe a seller.
        SELLER_PAYABLE = "seller_payable", "Owed to a seller"
        # Liability: money taken for an order that cannot be delivered, until it is refunded.
        BUYER_REFUNDABLE = "buyer_refundable", "Owed back to buyers"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, null=True, blank=True, related_name="ledger_accounts")
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "seller", "currency"], name="ledger_account_once", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.currency}"


class JournalEntry(models.Model):
    """One event in the books; ``ref`` makes it happen once. Append-only: a mistake is reversed, never edited."""

    ref = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=40)
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "journal entries"
        triggers = append_only()

    def __str__(self) -> str:
        return self.ref


class Posting(models.Model):
    """One line of an entry: a debit is positive, a credit negative; an entry sums to zero in every currency."""

    entry = models.ForeignKey(JournalEntry, on_delete=models.PROTECT, related_name="postings")
    account = models.ForeignKey(LedgerAccount, on_delete=models.PROTECT, related_name="postings")
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)

    class Meta:
        constraints = [models.CheckConstraint(condition=~models.Q(amount_minor=0), name="posting_not_zero")]
        triggers = [
            *append_only(),
            # Checked at COMMIT, when all lines of the entry are there.
            pgtrigger.Trigger(
                name="entry_sums_to_zero",
                operation=pgtrigger.Insert,
                when=pgtrigger.After,
                timing=pgtrigger.Deferred,
                func="""
                    IF EXISTS (
                        SELECT 1 FROM payments_posting WHERE entry_id = NEW.entry_id
                        GROUP BY currency HAVING SUM(amount_minor) <> 0
                    ) THEN
                        RAISE EXCEPTION 'journal entry % does not sum to zero', NEW.entry_id
                            USING ERRCODE = 'check_violation', CONSTRAINT = 'entry_sums_to_zero';
                    END IF;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount_minor} {self.currency}"


class InboxEvent(models.Model):
    """A verified message of the provider, stored before it is answered and processed afterwards, once."""

    provider = models.CharField(max_length=20)
    account = models.CharField(max_length=80, blank=True, default="")
    event_id = models.CharField(max_length=120)
    type = models.CharField(max_length=80)
    payload = models.JSONField()
    received_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True, blank=True)
    processed_at = models.DateTimeField(null=True, blank=True)
    dead_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "account", "event_id"], name="inbox_event_once"),
        ]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="inbox_open",
                condition=models.Q(processed_at__isnull=True, dead_at__isnull=True),
            ),
            models.Index(
                fields=["-dead_at", "-id"],
                name="inbox_dead",
                condition=models.Q(processed_at__isnull=True, dead_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.event_id}"


class IdempotencyKey(models.Model):
    """A claim on one request: unique per principal, route and key; holds the stored answer once there is one."""

    principal = models.CharField(max_length=80)
    route = models.CharField(max_length=120)
    key = models.CharField(max_length=255)
    # SHA-256 of the canonical body, in hex.
    body_hash = models.CharField(max_length=64)
    locked_at = models.DateTimeField(null=True)
    status = models.PositiveSmallIntegerField(null=True)
    content_type = models.CharField(max_length=100, blank=True, default="")
    location = models.CharField(max_length=500, blank=True, default="")
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["principal", "route", "key"], name="idempotency_key_once"),
        ]
        indexes = [models.Index(fields=["expires_at"], name="idempotency_expiry")]

    def __str__(self) -> str:
        return f"{self.route} {self.key}"
