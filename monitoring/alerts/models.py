"""What stands, what fired, and what must be told: rows, so that no crash forgets an alert or a message."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class Evaluation(models.Model):
    """The one row (id 1) that says who evaluates: a lease, and the time of the last finished round."""

    locked_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    # The moment the newest applied readings are of: an evaluator that was held up must not put old ones over it.
    readings_of = models.DateTimeField(null=True)

    class Meta:
        db_table = "alerts_evaluation"

    def __str__(self) -> str:
        return f"last evaluated {self.finished_at or 'never'}"


class Standing(models.Model):
    """How one subject of one rule stands now; see ``states.Standing``."""

    STATES = (("ok", "OK"), ("pending", "Pending"), ("firing", "Firing"), ("missing", "No data"))

    rule = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=8, choices=STATES)
    value = models.FloatField(null=True)
    text = models.CharField(max_length=500, blank=True, default="")
    since = models.DateTimeField()
    breach_since = models.DateTimeField(null=True)
    clear_since = models.DateTimeField(null=True)
    missing_since = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)
    evaluated_at = models.DateTimeField()
    # Somebody resolved it by hand while it was still broken: quiet until it clears, or until this time.
    quiet_until = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["rule", "subject"], name="standing_once")]

    def __str__(self) -> str:
        return f"{self.rule} {self.subject}: {self.state}"


class Alert(models.Model):
    """One time that a rule fired, from then until it was resolved. Kept as history."""

    rule = models.CharField(max_length=60)
    subject = models.CharField(max_length=200, blank=True)
    title = models.CharField(max_length=200)
    severity = models.CharField(max_length=8, choices=(("page", "Page"), ("warning", "Warning")))
    cause = models.CharField(max_length=8, choices=(("breach", "Threshold broken"), ("missing", "No data")))
    value = models.FloatField(null=True)
    value_text = models.CharField(max_length=40)
    text = models.CharField(max_length=500, blank=True, default="")
    # When the trouble began; it fired after having lasted.
    since = models.DateTimeField()
    fired_at = models.DateTimeField()
    # It came and went too often within an hour, and must now stay clear for long to be resolved.
    flapping = models.BooleanField(default=False)
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    resolved_at = models.DateTimeField(null=True)
    # Nobody: it cleared by itself.
    resolved_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    note = models.CharField(max_length=500, blank=True, default="")
    announced_at = models.DateTimeField(null=True)
    reminded_at = models.DateTimeField(null=True)
    resolution_announced_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            # Two evaluators at once cannot open two: the second insert fails, and its round with it.
            models.UniqueConstraint(
                fields=["rule", "subject"], condition=Q(resolved_at__isnull=True), name="alert_open_once"
            ),
        ]
        indexes = [
            models.Index(fields=["resolved_at"], name="alert_resolved"),
            models.Index(fields=["rule", "subject", "fired_at"], name="alert_fired"),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.subject})" if self.subject else self.title

    @property
    def state(self) -> str:
        """firing, acknowledged or resolved."""
        if self.resolved_at is not None:
            return "resolved"
        return "acknowledged" if self.acknowledged_at is not None else "firing"


class AlertMessage(models.Model):
    """One thing told: what began, what ended, or what is still so. Text is already scrubbed."""

    class Kind(models.TextChoices):
        FIRING = "firing", "Firing"
        RESOLVED = "resolved", "Resolved"
        REMINDER = "reminder", "Still firing"

    rule = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    severity = models.CharField(max_length=8)
    subject = models.CharField(max_length=200)
    body = models.TextField()
    created_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["rule", "kind", "created_at"], name="alert_message_recent")]

    def __str__(self) -> str:
        return self.subject


class AlertDelivery(models.Model):
    """One message to one place. The row is the queue: claimed with a lease, fenced by the number of attempts."""

    class Channel(models.TextChoices):
        EMAIL = "email", "E-mail"
        WEBHOOK = "webhook", "Webhook"

    message = models.ForeignKey(AlertMessage, on_delete=models.CASCADE, related_name="deliveries")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    # The e-mail address; empty for the webhook, whose address is a secret of the environment.
    target = models.CharField(max_length=254, blank=True)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        verbose_name_plural = "alert deliveries"
        constraints = [models.UniqueConstraint(fields=["message", "channel", "target"], name="alert_delivery_once")]
        indexes = [
            models.Index(
                fields=["due_at", "id"],
                name="alert_delivery_open",
                condition=Q(sent_at__isnull=True, dead_at__isnull=True),
            ),
            models.Index(fields=["dead_at"], name="alert_delivery_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.channel} #{self.pk}"
