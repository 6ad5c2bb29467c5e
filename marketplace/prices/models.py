"""What was asked, and when: an append-only history by month, and what pages need of it, day by day."""

from django.contrib.postgres.fields import ArrayField
from django.db import models

from marketplace.core.append_only import append_only


class PriceHistory(models.Model):
    """From ``changed_at`` on an offer asked this price, or (``asking`` false) could not be bought at it.

    Prices are minor units of the hall's currency. Partitioned by month; ids without foreign keys, because history outlives
    what it tells of. Per offer no two rows have the same time, so the key is the order.
    """

    pk = models.CompositePrimaryKey("offer_id", "changed_at")
    offer_id = models.BigIntegerField()
    variant_id = models.BigIntegerField()
    product_id = models.BigIntegerField()
    seller_id = models.BigIntegerField()
    price_minor = models.BigIntegerField()
    changed_at = models.DateTimeField()
    asking = models.BooleanField()

    class Meta:
        verbose_name_plural = "price history"
        triggers = append_only()

    def __str__(self) -> str:
        return f"offer {self.offer_id}: {self.price_minor} at {self.changed_at:%Y-%m-%d %H:%M}"


class DailyPrice(models.Model):
    """The lowest asking price of a variant through one day (UTC) on which any of its asks changed.

    A day without a row was as the latest one before it ended. None: nobody asked. Quartiles and ``offers`` are of the
    offers that asked when it ended. Derived: it can be computed again from the history.
    """

    pk = models.CompositePrimaryKey("variant_id", "day")
    variant_id = models.BigIntegerField()
    day = models.DateField()
    product_id = models.BigIntegerField()
    opened = models.BigIntegerField(null=True)
    low = models.BigIntegerField(null=True)
    high = models.BigIntegerField(null=True)
    closed = models.BigIntegerField(null=True)
    quartile_low = models.BigIntegerField(null=True)
    median = models.BigIntegerField(null=True)
    quartile_high = models.BigIntegerField(null=True)
    offers = models.PositiveSmallIntegerField()

    class Meta:
        indexes = [models.Index(fields=["product_id", "day"], name="daily_price_product")]

    def __str__(self) -> str:
        return f"variant {self.variant_id} on {self.day}"


class PriceTrend(models.Model):
    """What a card shows of a product's history, in one row. Derived, as above.

    ``lows`` are the lowest asking prices of the 90 days that end with ``until``, None where nobody asked. ``ask`` is the
    present one, which began at ``began_at``; ``prior_low`` the lowest of the 30 days before that, ``earlier_low`` the
    lowest of all time before it. ``since`` is the first day known.
    """

    product_id = models.BigIntegerField(primary_key=True)
    until = models.DateField()
    since = models.DateField()
    lows = ArrayField(models.BigIntegerField(null=True))
    ask = models.BigIntegerField(null=True)
    began_at = models.DateTimeField(null=True)
    prior_low = models.BigIntegerField(null=True)
    earlier_low = models.BigIntegerField(null=True)

    def __str__(self) -> str:
        return f"trend of product {self.product_id}"
