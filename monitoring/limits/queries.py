"""What operators see of the limits: figures and texts, without a client's full address."""

from dataclasses import dataclass
from datetime import datetime

from monitoring.limits import load
from monitoring.limits.guard import engine
from monitoring.limits.models import AddressRule, AddressRuleEvent
from monitoring.limits.rules import rules
from monitoring.limits.store import StoreAway


@dataclass(frozen=True, slots=True)
class TierRow:
    """One line of the table; ``in_force`` is the rate after the present factor."""

    name: str
    rate: str
    in_force: str
    key: str
    algorithm: str
    without_store: str


@dataclass(frozen=True, slots=True)
class StoreState:
    """``milliseconds`` of one PING, None when there was no answer; ``resting``: this process leaves it alone."""

    answers: bool
    milliseconds: float | None
    resting: bool


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything of one page. ``refused`` are masked networks with how often, most first; ``rules_age`` in seconds."""

    tiers: tuple[TierRow, ...]
    factor: float
    reason: str
    store: StoreState
    refused: tuple[tuple[str, int], ...]
    rules: tuple[AddressRule, ...]
    rules_age: float | None


def overview(now: datetime) -> Overview:
    """The limits as they are now; whatever cannot be asked is shown as unknown, never as an error."""
    factor, reason = present_factor()
    try:
        refused = tuple(engine().store.top(10))
    except StoreAway:
        refused = ()
    return Overview(
        tiers=tiers(factor),
        factor=factor,
        reason=reason,
        store=store_state(),
        refused=refused,
        rules=tuple(active_rules(now)),
        rules_age=rules.age(),
    )


def tiers(factor: float) -> tuple[TierRow, ...]:
    """The table, by name."""
    return tuple(
        TierRow(
            name=tier.name,
            rate="; ".join(map(str, tier.rate)),
            in_force="; ".join(
                f"{max(1, int(window.amount * (factor if tier.scales else 1)))}/{window.seconds} s"
                for window in tier.rate
            ),
            key=", ".join(tier.key),
            algorithm=tier.algorithm,
            without_store="counted in each process" if tier.guarded else "open",
        )
        for tier in sorted(engine().policy.tiers.values(), key=lambda tier: tier.name)
    )


def present_factor() -> tuple[float, str]:
    """The factor in force and why; 1 without the store, where nothing is scaled."""
    try:
        state = load.current(engine().store.client)
        in_force = load.in_force(engine().store.client)
    except StoreAway:
        return 1.0, "The store does not answer: strict local limits for what is sensitive, the rest is open."
    return in_force, state.reason if in_force == state.factor else "Not steered at the moment."


def store_state() -> StoreState:
    """Whether the store answers; one PING, at most 0.25 s."""
    resting = engine().store.door.failing
    try:
        return StoreState(answers=True, milliseconds=engine().store.ping() * 1000, resting=resting)
    except StoreAway:
        return StoreState(answers=False, milliseconds=None, resting=resting)


def active_rules(now: datetime) -> list[AddressRule]:
    """The rules that hold, newest first."""
    held = AddressRule.objects.filter(ended_at__isnull=True).exclude(expires_at__lte=now)
    return list(held.order_by("-created_at", "-pk"))


def history(rule_id: int) -> list[AddressRuleEvent]:
    """What was done to a rule, newest first."""
    return list(AddressRuleEvent.objects.filter(rule_id=rule_id))
