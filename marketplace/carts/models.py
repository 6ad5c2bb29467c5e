"""Carts: what a buyer means to buy, and what the buyer has told the checkout so far."""

import uuid

from django.conf import settings
from django.db import models

from marketplace.catalog.models import Offer


class Cart(models.Model):
    """An open cart belongs to one account, or to whoever holds its id in a signed cookie; ordered carts are closed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True, related_name="carts"
    )
    # The checkout's answers: going back loses nothing.
    email = models.EmailField(max_length=254, blank=True, default="")
    phone = models.CharField(max_length=40, blank=True, default="")
    shipping_address = models.JSONField(default=dict, blank=True)
    # {seller id as text: shipping option id}
    shipping_choices = models.JSONField(default=dict, blank=True)
    # Under which reference inventory holds units for this cart: they are free to this buyer and to nobody else.
    hold_reference = models.CharField(max_length=40, blank=True, default="")
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], name="cart_one_open_per_user", condition=models.Q(closed_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["updated_at"], name="cart_updated")]

    def __str__(self) -> str:
        return f"cart {self.pk}"


class CartLine(models.Model):
    """Some units of one offer; ``seen_price_minor`` is the price the buyer has accepted.

    A removed line stays, out of sight, so that taking it back restores it as it was.
    """

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines")
    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="cart_lines")
    quantity = models.PositiveIntegerField()
    seen_price_minor = models.PositiveBigIntegerField()
    added_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["cart", "offer"], name="cart_line_once"),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="cart_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.offer_id}"
