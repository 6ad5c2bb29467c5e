"""Stock: what is on hand, what is held for a checkout, and every movement of it."""

from django.db import models

from marketplace.catalog.models import Offer
from marketplace.core.append_only import append_only


class StockItem(models.Model):
    """The stock of one offer. Free to sell is ``on_hand - reserved``; the CHECK makes overselling impossible."""

    offer = models.OneToOneField(Offer, on_delete=models.PROTECT, primary_key=True, related_name="stock")
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(reserved__lte=models.F("on_hand")), name="stock_never_oversold"),
        ]

    def __str__(self) -> str:
        return f"stock of offer {self.offer_id}"

    @property
    def free(self) -> int:
        return self.on_hand - self.reserved


class StockReservation(models.Model):
    """Units held for one checkout; ``reference`` is the order group's number.

    Nothing gives a hold back by itself when ``expires_at`` passes: a payment may still use it, so only whoever has
    cancelled that payment releases it.
    """

    class State(models.TextChoices):
        ACTIVE = "active", "Held"
        COMMITTED = "committed", "Sold"
        RELEASED = "released", "Given back"

    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="reservations")
    reference = models.CharField(max_length=40)
    quantity = models.PositiveIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["reference", "stock_item"], name="reservation_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="reservation_quantity_positive"),
        ]
        indexes = [
            models.Index(fields=["expires_at"], name="reservation_expiry", condition=models.Q(state="active")),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} of {self.stock_item_id} for {self.reference}"


class StockMovement(models.Model):
    """Append-only: why ``on_hand`` changed. The sum of ``quantity`` is what is on hand."""

    class Kind(models.TextChoices):
        RECEIVED = "received", "Received"
        CORRECTED = "corrected", "Counted again"
        SOLD = "sold", "Sold"
        RETURNED = "returned", "Came back"

    stock_item = models.ForeignKey(StockItem, on_delete=models.PROTECT, related_name="movements")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    # Signed: a sale is negative.
    quantity = models.IntegerField()
    reference = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~models.Q(quantity=0), name="movement_not_zero"),
            models.UniqueConstraint(
                fields=["stock_item", "reference", "kind"],
                name="movement_sold_once",
                condition=models.Q(kind="sold"),
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} of {self.stock_item_id}"
