"""Errors by kind, a bounded number of samples of each, and which batches were stored already."""

from django.conf import settings
from django.db import models


class ErrorGroup(models.Model):
    """All occurrences of one kind of error. The database counts; statuses change through services."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        RESOLVED = "resolved", "Resolved"
        IGNORED = "ignored", "Ignored"

    fingerprint = models.CharField(max_length=32, unique=True)
    type = models.CharField(max_length=200)
    message = models.TextField(blank=True, default="")
    culprit = models.CharField(max_length=200, blank=True, default="")
    origin = models.CharField(max_length=200, blank=True, default="")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    count = models.PositiveBigIntegerField(default=0)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    # When it was stored here: an error may have waited in its process, and an alert asks what came since it last looked.
    created_at = models.DateTimeField(db_index=True)
    release = models.CharField(max_length=80, blank=True, default="")
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    reopened_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["status", "-last_seen"], name="errorgroup_status"),
            models.Index(fields=["-last_seen"], name="errorgroup_last_seen"),
            models.Index(
                fields=["reopened_at"], name="errorgroup_reopened", condition=models.Q(reopened_at__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(
                name="errorgroup_resolved_at",
                condition=~models.Q(status="resolved") | models.Q(resolved_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} in {self.culprit or 'an unknown place'}"


class ErrorEvent(models.Model):
    """One occurrence, scrubbed: types, texts and frames; no variables, headers, bodies or parameters."""

    group = models.ForeignKey(ErrorGroup, on_delete=models.CASCADE, related_name="events")
    event_id = models.UUIDField(unique=True)
    at = models.DateTimeField()
    handled = models.BooleanField()
    chain = models.JSONField()
    facts = models.JSONField(default=dict)
    request_id = models.CharField(max_length=64, blank=True, default="", db_index=True)
    origin = models.CharField(max_length=200, blank=True, default="")
    user = models.CharField(max_length=64, blank=True, default="")
    process = models.CharField(max_length=40, blank=True, default="")
    release = models.CharField(max_length=80, blank=True, default="")
    forwarded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["group", "-at"], name="errorevent_group_at"),
            models.Index(fields=["at"], name="errorevent_at"),
            models.Index(fields=["at"], name="errorevent_to_forward", condition=models.Q(forwarded_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.origin}"


class StoredBatch(models.Model):
    """A batch that is in the tables: the same one may come twice, by the broker and directly."""

    id = models.UUIDField(primary_key=True)
    stored_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return str(self.id)
