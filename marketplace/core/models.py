"""The outbox: facts written with the change that made them true, delivered afterwards, at least once."""

from django.db import models
from django.db.models.functions import Now


class OutboxEvent(models.Model):
    """One fact for one handler. The row is the queue; Celery only wakes the relay."""

    topic = models.CharField(max_length=80)
    handler = models.CharField(max_length=80)
    payload = models.JSONField()
    # The id of the request, task or command that published it: its delivery logs under the same one.
    correlation_id = models.CharField(max_length=64, blank=True, default="")
    dedupe_key = models.CharField(max_length=200, null=True, unique=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    processed_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="outbox_open",
                condition=models.Q(processed_at__isnull=True, dead_at__isnull=True),
            ),
            models.Index(fields=["processed_at"], name="outbox_processed"),
            models.Index(
                fields=["-dead_at", "-id"],
                name="outbox_dead",
                condition=models.Q(processed_at__isnull=True, dead_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.topic} → {self.handler} #{self.pk}"


class UnsentTouch(models.Model):
    """A change of which the shared cache has not heard, because it was away: sent when it is back."""

    tags = models.JSONField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"Touch #{self.pk}"
