"""Good rates, kept; and when each provider may be asked next."""

from typing import Final

from django.db import models

from marketplace.core.append_only import append_only
from marketplace.core.partitions import Partitioned

# A year and the month begun: what was charged is written down with its own rate elsewhere.
BY_MONTH: Final = Partitioned("rates_rate", "taken_at", keep_months=13)


class Rate(models.Model):
    """Append-only, in monthly partitions: one accepted price of one coin, in units of ``currency`` per coin."""

    pk = models.CompositePrimaryKey("coin", "currency", "taken_at")
    coin = models.CharField(max_length=8)
    currency = models.CharField(max_length=3)
    price = models.DecimalField(max_digits=30, decimal_places=12)
    source = models.CharField(max_length=20)
    # The second source that agreed, when the price looked odd by itself.
    confirmed_by = models.CharField(max_length=20, blank=True, default="")
    # The provider's own time of the price, and ours of hearing it.
    quoted_at = models.DateTimeField()
    taken_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(price__gt=0), name="rate_positive")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.coin}/{self.currency} {self.price} ({self.source})"


class ProviderSlot(models.Model):
    """When a provider may be called again, by PostgreSQL's clock: the one row that all processes reserve calls in."""

    provider = models.CharField(max_length=20, primary_key=True)
    free_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider
