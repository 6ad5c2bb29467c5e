"""Signs of life of the hall's processes, and what was restarted."""

from django.db import models


class Heartbeat(models.Model):
    """The last sign of life of one process. ``kind`` is web, worker, beat or sweep; ``instance`` names the process."""

    kind = models.CharField(max_length=16)
    instance = models.CharField(max_length=120)
    seen_at = models.DateTimeField()
    started_at = models.DateTimeField()
    version = models.CharField(max_length=80, blank=True, default="")
    details = models.JSONField(default=dict)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "instance"], name="heartbeat_process")]
        indexes = [models.Index(fields=["kind", "-seen_at"], name="heartbeat_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.instance}"


class Restart(models.Model):
    """A supervisor has started a process again, or would have, but had ``given_up``; ``reason`` says why."""

    kind = models.CharField(max_length=16)
    instance = models.CharField(max_length=120)
    at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    given_up = models.BooleanField(default=False)

    class Meta:
        indexes = [models.Index(fields=["-at"], name="restart_latest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.instance} at {self.at:%Y-%m-%d %H:%M:%S}"
