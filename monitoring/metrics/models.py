"""What each process has seen, one row per minute, name and instance."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models


class Sample(models.Model):
    """The observations of one minute: how many, how many bad, and how large.

    ``total`` and ``highest`` are in the unit of the name (seconds for durations, 0..1 for shares). ``buckets`` has one
    number per bucket of ``monitoring.metrics.tally.EDGES`` and one for what is above them; its sum is how many of the
    observations had a value at all.
    """

    # The order of the queries: one name, some minutes, all instances.
    pk = models.CompositePrimaryKey("name", "minute", "instance")
    name = models.CharField(max_length=48)
    minute = models.DateTimeField()
    instance = models.CharField(max_length=80)
    count = models.BigIntegerField()
    bad = models.BigIntegerField()
    total = models.FloatField()
    highest = models.FloatField(null=True)
    buckets = ArrayField(models.BigIntegerField())

    class Meta:
        # Rows arrive in the order of time, so that a range of minutes is a range of pages: for pruning.
        indexes = [BrinIndex(fields=["minute"], name="sample_minute")]

    def __str__(self) -> str:
        return f"{self.name} {self.minute:%Y-%m-%d %H:%M} {self.instance}"
