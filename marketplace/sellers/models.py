"""Stalls: who sells, who works there, and what shipping costs."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Seller(models.Model):
    """A stall of the market. It trades only while approved."""

    class Status(models.TextChoices):
        APPLIED = "applied", "Applied"
        APPROVED = "approved", "Approved"
        SUSPENDED = "suspended", "Suspended"

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    # Hue of the awning, 1 to 8: recognisable wherever the stall appears.
    hue = models.PositiveSmallIntegerField()
    place = models.CharField(max_length=120, blank=True, default="")
    country = models.CharField(max_length=2)
    blurb = models.CharField(max_length=280, blank=True, default="")
    story = models.TextField(blank=True, default="")
    email = models.EmailField(max_length=254)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.APPLIED)
    dispatch_days_min = models.PositiveSmallIntegerField(default=1)
    dispatch_days_max = models.PositiveSmallIntegerField(default=3)
    returns_days = models.PositiveSmallIntegerField(default=14)
    created_at = models.DateTimeField()
    approved_at = models.DateTimeField(null=True, blank=True)
    suspended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(hue__gte=1, hue__lte=8), name="seller_hue_1_to_8"),
            models.CheckConstraint(
                condition=models.Q(dispatch_days_min__lte=models.F("dispatch_days_max")), name="seller_dispatch_order"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class SellerMember(models.Model):
    """A person who works at a stall."""

    class Role(models.TextChoices):
        OWNER = "owner", "Owner"
        MANAGER = "manager", "Manager"
        STAFF = "staff", "Staff"

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=8, choices=Role.choices)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["seller", "user"], name="seller_member_once")]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.seller_id}: {self.role}"


class ShippingOption(models.Model):
    """One way a stall sends its parcels to some countries: a flat price per parcel in minor units."""

    seller = models.ForeignKey(Seller, on_delete=models.CASCADE, related_name="shipping_options")
    name = models.CharField(max_length=60)
    # ISO 3166-1 alpha-2 codes; empty means everywhere.
    countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    price_minor = models.PositiveBigIntegerField()
    # Parcels of goods worth at least this much go free; null never.
    free_from_minor = models.PositiveBigIntegerField(null=True, blank=True)
    days_min = models.PositiveSmallIntegerField()
    days_max = models.PositiveSmallIntegerField()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(days_min__lte=models.F("days_max")), name="shipping_days_order"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.seller_id})"
