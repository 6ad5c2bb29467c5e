"""What is known of each materialized view, and the refunds that make sales net. The views themselves are plain SQL."""

from django.db import models
from django.db.models.functions import Now

from marketplace.orders.models import OrderGroup


class ViewState(models.Model):
    """One row per view. Facts raise ``dirty_generation``; a refresh brings ``refreshed_generation`` up to what it has seen.

    Nothing in a buyer's or a seller's transaction writes here: the row would be a lock that everybody waits for.
    """

    name = models.CharField(max_length=40, primary_key=True)
    dirty_generation = models.BigIntegerField(db_default=1)
    refreshed_generation = models.BigIntegerField(db_default=0)
    # When the oldest change that the view does not show became known; NULL when it shows them all.
    dirty_since = models.DateTimeField(null=True, blank=True, db_default=Now())
    refreshed_at = models.DateTimeField(null=True, blank=True)
    # The refresh whose figures were handed on to the catalogue.
    applied_at = models.DateTimeField(null=True, blank=True)
    duration_ms = models.PositiveIntegerField(null=True, blank=True)
    # Not before then: five minutes after a refresh, sooner and at random after a failure.
    due_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(db_default=0)
    failed_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True, db_default="")

    def __str__(self) -> str:
        return self.name


class Refunded(models.Model):
    """Money of a sale that went back to its buyer, as payments told it. A refund that failed at last counts for nothing."""

    reference = models.CharField(max_length=80, primary_key=True)
    group = models.ForeignKey(OrderGroup, on_delete=models.PROTECT, related_name="+")
    amount_minor = models.PositiveBigIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "refunded"

    def __str__(self) -> str:
        return self.reference
