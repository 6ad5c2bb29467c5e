"""What runs by the clock, what was given up, and how far long work has come. PostgreSQL holds it; the broker only wakes."""

from django.db import models


class Lease(models.Model):
    """Who may send periodic tasks now. ``fence`` grows with every new holder; times are the database's own."""

    name = models.CharField(max_length=40, primary_key=True)
    holder = models.CharField(max_length=160)
    fence = models.PositiveBigIntegerField(default=1)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"


class PeriodicJob(models.Model):
    """How one periodic job fares. ``last_slot`` is the latest slot that was dealt with; durations are milliseconds."""

    name = models.CharField(max_length=80, primary_key=True)
    added_at = models.DateTimeField()
    last_slot = models.DateTimeField(null=True)
    succeeded_at = models.DateTimeField(null=True)
    duration_ms = models.PositiveIntegerField(null=True)
    failed_at = models.DateTimeField(null=True)
    last_error = models.CharField(max_length=300, blank=True, default="")

    def __str__(self) -> str:
        return self.name


class JobRun(models.Model):
    """The owner row of one slot of one job: whoever turns it to running runs the slot. ``attempts`` is the fence."""

    class State(models.TextChoices):
        DUE = "due", "Due"
        RUNNING = "running", "Running"
        DONE = "done", "Done"
        FAILED = "failed", "Failed"
        # Nobody ran it: late, or another slot ran for it.
        SKIPPED = "skipped", "Skipped"

    job = models.CharField(max_length=80)
    slot = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    # The beat's fence under which it was sent, and when; null: not sent, or the broker refused.
    fence = models.PositiveBigIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    sends = models.PositiveSmallIntegerField(default=0)
    # The message that holds it: the broker delivers that one again when its worker is lost.
    task_id = models.CharField(max_length=64, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    locked_until = models.DateTimeField(null=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="jobrun_once_per_slot")]
        indexes = [
            models.Index(fields=["job", "slot"], name="jobrun_open", condition=models.Q(state__in=["due", "running"])),
            models.Index(fields=["slot"], name="jobrun_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%Y-%m-%d %H:%M:%S}"


class Delivery(models.Model):
    """How often the broker has delivered one task again; the first delivery writes nothing."""

    task_id = models.CharField(max_length=64, primary_key=True)
    name = models.CharField(max_length=120)
    count = models.PositiveSmallIntegerField()
    last_at = models.DateTimeField(db_index=True)

    class Meta:
        verbose_name_plural = "deliveries"

    def __str__(self) -> str:
        return f"{self.name} {self.task_id}"


class DeadTask(models.Model):
    """A task that was given up: it took its worker with it again and again. Arguments are scrubbed.

    ``complete`` says that scrubbing removed nothing: only then it can be sent again as it was.
    """

    task_id = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=120)
    queue = models.CharField(max_length=40, blank=True, default="")
    args = models.JSONField(default=list)
    kwargs = models.JSONField(default=dict)
    complete = models.BooleanField(default=True)
    reason = models.CharField(max_length=300)
    deliveries = models.PositiveSmallIntegerField()
    correlation_id = models.CharField(max_length=64, blank=True, default="")
    dead_at = models.DateTimeField()
    # Sent again, or put away without: by whom, as a user id.
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by = models.BigIntegerField(null=True, blank=True)
    sent_again_as = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        indexes = [
            models.Index(fields=["-dead_at"], name="deadtask_open", condition=models.Q(settled_at__isnull=True)),
            models.Index(fields=["settled_at"], name="deadtask_settled"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.task_id}"


class LongJob(models.Model):
    """How far an import, an export or the like has come. ``owner`` is ``seller:<id>``, ``user:<id>`` or ``staff``.

    One that has not been heard of for a while has stopped, whatever its state says.
    """

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        FINISHED = "finished", "Finished"
        FAILED = "failed", "Failed"

    kind = models.CharField(max_length=40)
    title = models.CharField(max_length=120)
    owner = models.CharField(max_length=40)
    unit = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    done = models.PositiveBigIntegerField(default=0)
    total = models.PositiveBigIntegerField(null=True)
    text = models.CharField(max_length=300, blank=True, default="")
    href = models.CharField(max_length=300, blank=True, default="")
    started_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["owner", "-updated_at"], name="longjob_owner"),
            models.Index(fields=["-updated_at"], name="longjob_latest"),
        ]

    def __str__(self) -> str:
        return f"{self.title} {self.started_at:%Y-%m-%d %H:%M:%S}"
