"""Addresses that operators let in or keep out, and who did so when and why."""

from typing import Any

import pgtrigger
from django.db import models

_REFUSE = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"


class NetworkField(models.Field[str, str]):
    """PostgreSQL's ``cidr``: a network without host bits, as text such as 203.0.113.0/24."""

    def db_type(self, connection: Any) -> str:
        return "cidr"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> str | None:
        return None if value is None else str(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else str(value)


class AddressRule(models.Model):
    """A network that is let past the limits or kept out of the hall. Changed through services only."""

    class Verdict(models.TextChoices):
        ALLOW = "allow", "Allow: skips the limits, but never those of sign-in"
        DENY = "deny", "Deny: 403 for everything but probes and webhooks"

    network = NetworkField()
    verdict = models.CharField(max_length=5, choices=Verdict.choices)
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    # None: until somebody ends it.
    expires_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(verdict__in=["allow", "deny"]), name="rule_verdict"),
            models.CheckConstraint(condition=~models.Q(reason=""), name="rule_reason"),
            models.CheckConstraint(
                condition=models.Q(expires_at__isnull=True) | models.Q(expires_at__gt=models.F("created_at")),
                name="rule_expires_later",
            ),
            models.UniqueConstraint(
                fields=["network"], condition=models.Q(ended_at__isnull=True), name="rule_one_per_network"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} {self.network}"


class AddressRuleEvent(models.Model):
    """Append-only: what was done to a rule, by whom and why. It outlives the rule and the operator's account."""

    class Act(models.TextChoices):
        ADDED = "added", "Added"
        CHANGED = "changed", "Changed"
        ENDED = "ended", "Ended"

    rule = models.ForeignKey(AddressRule, on_delete=models.PROTECT, related_name="events")
    act = models.CharField(max_length=7, choices=Act.choices)
    network = NetworkField()
    verdict = models.CharField(max_length=5)
    reason = models.CharField(max_length=300)
    expires_at = models.DateTimeField(null=True)
    # The operator's id, and how the account was called then.
    actor = models.CharField(max_length=300)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-pk"]
        triggers = [
            pgtrigger.Trigger(
                name="append_only", operation=pgtrigger.Update | pgtrigger.Delete, when=pgtrigger.Before, func=_REFUSE
            ),
            pgtrigger.Trigger(
                name="no_truncate",
                operation=pgtrigger.Truncate,
                when=pgtrigger.Before,
                level=pgtrigger.Statement,
                func=_REFUSE,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.act} {self.verdict} {self.network}"
