"""Letting addresses in and keeping them out: every change leaves a line in the history, in the same transaction."""

from datetime import datetime
from ipaddress import IPv4Network, IPv6Network, ip_network

from django.db import IntegrityError, transaction

from monitoring.limits.models import AddressRule, AddressRuleEvent
from monitoring.requests.client_ip import Network, parsed

Act = AddressRuleEvent.Act
Verdict = AddressRule.Verdict
# Wider networks are half the world: no single rule may shut it out.
WIDEST = {4: 8, 6: 19}


class BadRule(ValueError):
    """The rule cannot be; ``fields`` has a message per input."""

    def __init__(self, **fields: str) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


def network_of(text: str) -> Network:
    """The network that the text names; an IPv4 network written in IPv6 is the IPv4 network. Raises BadRule."""
    try:
        found = ip_network(text.strip())
    except ValueError:
        raise BadRule(network=_advice(text.strip())) from None
    if isinstance(found, IPv6Network) and found.prefixlen >= 96 and found.network_address.ipv4_mapped is not None:
        found = IPv4Network((found.network_address.ipv4_mapped, found.prefixlen - 96))
    if found.prefixlen < WIDEST[found.version]:
        raise BadRule(network=f"{found} is too wide: at most /{WIDEST[found.version]}.")
    return found


def _advice(text: str) -> str:
    try:
        return f"{text} has bits behind its prefix: write {ip_network(text, strict=False)}."
    except ValueError:
        return "This is no network: write it like 203.0.113.0/24, 203.0.113.7 or 2001:db8::/48."


def add_rule(
    *,
    network: str,
    verdict: str,
    reason: str,
    expires_at: datetime | None,
    actor: str,
    actor_address: str = "",
    now: datetime,
) -> AddressRule:
    """A new rule. Raises BadRule, also for one that would shut out the operator who writes it."""
    found = checked(
        network=network,
        verdict=verdict,
        reason=reason,
        expires_at=expires_at,
        actor_address=actor_address,
        rule_id=None,
        now=now,
    )
    try:
        with transaction.atomic():
            rule = AddressRule.objects.create(
                network=found, verdict=verdict, reason=reason.strip(), expires_at=expires_at, created_at=now
            )
            _note(rule, Act.ADDED, reason.strip(), actor, now)
    except IntegrityError:
        raise BadRule(network=_taken(found)) from None
    return rule


def change_rule(
    *,
    rule_id: int,
    verdict: str,
    reason: str,
    expires_at: datetime | None,
    actor: str,
    actor_address: str = "",
    now: datetime,
) -> AddressRule:
    """Another verdict, reason or end for the same network. Raises BadRule."""
    with transaction.atomic():
        rule = AddressRule.objects.select_for_update().get(pk=rule_id)
        if rule.ended_at is not None:
            raise BadRule(network="This rule has ended: add a new one.")
        checked(
            network=rule.network,
            verdict=verdict,
            reason=reason,
            expires_at=expires_at,
            actor_address=actor_address,
            rule_id=rule.pk,
            now=now,
        )
        rule.verdict, rule.reason, rule.expires_at = verdict, reason.strip(), expires_at
        rule.save(update_fields=["verdict", "reason", "expires_at"])
        _note(rule, Act.CHANGED, rule.reason, actor, now)
    return rule


def end_rule(*, rule_id: int, reason: str, actor: str, now: datetime) -> None:
    """The rule holds no longer; one that has ended stays as it is."""
    with transaction.atomic():
        rule = AddressRule.objects.select_for_update().get(pk=rule_id)
        if rule.ended_at is None:
            rule.ended_at = now
            rule.save(update_fields=["ended_at"])
            _note(rule, Act.ENDED, reason.strip() or "No longer needed", actor, now)


def checked(
    *,
    network: str,
    verdict: str,
    reason: str,
    expires_at: datetime | None,
    actor_address: str,
    rule_id: int | None,
    now: datetime,
) -> str:
    """The network as it is kept, if the rule can be: the same checks for a form and for the change itself. Raises BadRule."""
    found = network_of(network)
    if verdict not in Verdict.values:
        raise BadRule(verdict="Choose allow or deny.")
    if not reason.strip() or len(reason) > 300:
        raise BadRule(reason="Say in a few words why, for whoever reads it later (at most 300 characters).")
    if expires_at is not None and expires_at <= now:
        raise BadRule(expires_at="This is over already: choose a later moment, or none.")
    address = parsed(actor_address)
    if verdict == Verdict.DENY and address is not None and address in found:
        raise BadRule(network=f"You come from {found} yourself: this would shut you out.")
    others = AddressRule.objects.filter(network=str(found), ended_at__isnull=True)
    if (others if rule_id is None else others.exclude(pk=rule_id)).exists():
        raise BadRule(network=_taken(str(found)))
    return str(found)


def _taken(network: str) -> str:
    return f"There is a rule for {network} already: change that one."


def _note(rule: AddressRule, act: str, reason: str, actor: str, now: datetime) -> None:
    AddressRuleEvent.objects.create(
        rule=rule,
        act=act,
        network=rule.network,
        verdict=rule.verdict,
        reason=reason,
        expires_at=rule.expires_at,
        actor=actor[:300],
        created_at=now,
    )
