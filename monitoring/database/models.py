"""Slow statements, by shape and by what issued them."""

from django.db import models


class SlowQuery(models.Model):
    """One statement that took too long, as one page or task issues it. It holds no values."""

    fingerprint = models.CharField(max_length=32)
    origin = models.CharField(max_length=200, blank=True, default="")
    statement = models.TextField()
    code = models.CharField(max_length=200, blank=True, default="")
    count = models.PositiveBigIntegerField(default=0)
    very_slow = models.PositiveBigIntegerField(default=0)
    total_ms = models.PositiveBigIntegerField(default=0)
    worst_ms = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(db_index=True)
    plan = models.TextField(blank=True, default="")
    planned_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "slow queries"
        constraints = [
            models.UniqueConstraint(fields=["fingerprint", "origin"], name="slowquery_shape"),
        ]
        indexes = [models.Index(fields=["-worst_ms"], name="slowquery_worst")]

    def __str__(self) -> str:
        return f"{self.worst_ms} ms: {self.statement[:80]}"
