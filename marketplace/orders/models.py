"""Orders: one group per checkout, one order per seller, lines frozen as they were sold."""

from django.conf import settings
from django.db import models

from marketplace.carts.models import Cart
from marketplace.catalog.models import Offer
from marketplace.core.append_only import append_only
from marketplace.sellers.models import Seller


class OrderGroup(models.Model):
    """What a buyer ordered in one checkout. Amounts are minor units of ``currency``, value-added tax included."""

    class State(models.TextChoices):
        PENDING = "pending", "Awaiting payment"
        PAID = "paid", "Paid"
        CANCELLED = "cancelled", "Cancelled"

    number = models.CharField(max_length=20, unique=True)
    cart = models.ForeignKey(Cart, on_delete=models.SET_NULL, null=True, related_name="order_groups")
    buyer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="order_groups"
    )
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=40, blank=True, default="")
    shipping_address = models.JSONField()
    currency = models.CharField(max_length=3)
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField()
    total_minor = models.PositiveBigIntegerField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    # Lets a guest open the order from the e-mail; compared in constant time.
    access_token = models.CharField(max_length=64)
    # SHA-256 of what the buyer had told the cart, in hex: the same cart again is the same group.
    cart_fingerprint = models.CharField(max_length=64)
    placed_at = models.DateTimeField()
    # The stock is held until then.
    expires_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["cart"],
                name="order_group_one_live_per_cart",
                condition=models.Q(state__in=["pending", "paid"]),
            ),
            models.CheckConstraint(
                condition=models.Q(total_minor=models.F("items_minor") + models.F("shipping_minor")),
                name="order_group_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["buyer", "-placed_at", "-id"], name="order_group_buyer"),
            models.Index(fields=["email", "-placed_at"], name="order_group_email"),
            models.Index(fields=["expires_at"], name="order_group_expiry", condition=models.Q(state="pending")),
        ]

    def __str__(self) -> str:
        return self.number


class Order(models.Model):
    """One seller's part of a group: what that stall packs and is paid for."""

    class State(models.TextChoices):
        PENDING = "pending", "Awaiting payment"
        PAID = "paid", "To ship"
        SHIPPED = "shipped", "On its way"
        DELIVERED = "delivered", "Delivered"
        CANCELLED = "cancelled", "Cancelled"

    number = models.CharField(max_length=20, unique=True)
    group = models.ForeignKey(OrderGroup, on_delete=models.PROTECT, related_name="orders")
    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="orders")
    state = models.CharField(max_length=9, choices=State.choices, default=State.PENDING)
    items_minor = models.PositiveBigIntegerField()
    shipping_minor = models.PositiveBigIntegerField()
    total_minor = models.PositiveBigIntegerField()
    shipping_name = models.CharField(max_length=60)
    arrives_from = models.DateField()
    arrives_until = models.DateField()
    ship_by = models.DateField()
    tracking_carrier = models.CharField(max_length=60, blank=True, default="")
    tracking_number = models.CharField(max_length=80, blank=True, default="")
    placed_at = models.DateTimeField()
    paid_at = models.DateTimeField(null=True, blank=True)
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "seller"], name="order_once_per_seller"),
            models.CheckConstraint(
                condition=models.Q(total_minor=models.F("items_minor") + models.F("shipping_minor")),
                name="order_total_adds_up",
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-placed_at", "-id"], name="order_seller_list"),
            models.Index(fields=["seller", "state", "-placed_at", "-id"], name="order_seller_state"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(models.Model):
    """A frozen copy of what was sold; ``offer`` only leads back to it."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="order_lines")
    title = models.CharField(max_length=200)
    variant_title = models.CharField(max_length=120, blank=True, default="")
    sku = models.CharField(max_length=120)
    condition = models.CharField(max_length=9)
    product_slug = models.CharField(max_length=120)
    image_key = models.CharField(max_length=200, blank=True, default="")
    unit_price_minor = models.PositiveBigIntegerField()
    quantity = models.PositiveIntegerField()
    total_minor = models.PositiveBigIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(total_minor=models.F("unit_price_minor") * models.F("quantity")),
                name="order_line_total_adds_up",
            ),
            models.CheckConstraint(condition=models.Q(quantity__gt=0), name="order_line_quantity_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.title}"


class OrderEvent(models.Model):
    """Append-only: what happened to an order, when, and by whom."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=40)
    # Who did it: "buyer", "seller:<user id>", "payment", "system" or "staff:<user id>".
    actor = models.CharField(max_length=60)
    data = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["order", "id"], name="order_event_order")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.kind} of {self.order_id}"
