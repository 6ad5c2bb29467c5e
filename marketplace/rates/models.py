"""Good rates, kept; and when each provider may be asked next."""

from django.db import models

from marketplace.core.append_only import append_only


class Rate(models.Model):
    """Append-only: one accepted price of one coin, in units of ``currency`` per coin."""

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
        indexes = [models.Index(fields=["coin", "currency", "-taken_at"], name="rate_latest")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.coin}/{self.currency} {self.price} ({self.source})"


class ProviderSlot(models.Model):
    """When a provider was last called, by PostgreSQL's clock: the one row that all processes reserve calls in."""

    provider = models.CharField(max_length=20, primary_key=True)
    called_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.provider
