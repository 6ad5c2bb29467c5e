"""What the limits do: the table in force, who was refused lately, and the rules that operators have made."""

from datetime import datetime
from typing import Final

from monitoring.limits import queries as limits
from monitoring.limits.guard import engine
from monitoring.limits.rules import rules as remembered
from monitoring.limits.store import StoreAway
from monitoring.ops.parts import Body, Cell, Figure, Mark, Row, Table, clock, many, milliseconds, span

MOST_REFUSED: Final = 10
MOST_RULES: Final = 20


def table(now: datetime) -> Body:
    """The tiers as they hold now, and the networks that were refused most; asks the limits' Redis alone."""
    factor, reason = limits.present_factor()
    store = limits.store_state()
    try:
        refused = engine().store.top(MOST_REFUSED) if store.answers else []
    except StoreAway:
        refused = []
    mark = Mark("good", "As written")
    if not store.answers:
        mark = Mark("warn", "Store away: local limits")
    elif factor < 1:
        mark = Mark("warn", f"Tightened to {factor:.0%}")
    age = remembered.age()
    return Body(
        mark,
        figures=(
            Figure("Factor", f"{factor:.0%}", "warn" if factor < 1 else "good"),
            Figure("Store", milliseconds(store.milliseconds) if store.answers else "No answer", mark.tone),
            Figure("Rules read", f"{span(round(age, -1))} ago" if age is not None else "not here"),
        ),
        tables=(_refused(refused), _tiers(factor)),
        note=reason,
    )


def _refused(found: list[tuple[str, int]]) -> Table:
    rows = tuple(Row(network, (Cell(network, code=True), Cell(f"{times:,}", number=True))) for network, times in found)
    heads = (("Network", False), ("Refused", True))
    return Table("refused", "Refused most, this hour and the last", heads, rows, "Nobody was refused.")


def _tiers(factor: float) -> Table:
    heads = (
        ("Tier", False),
        ("Written", False),
        ("In force", False),
        ("Counted by", False),
        ("Without its store", False),
    )
    rows = tuple(
        Row(
            tier.name,
            (
                Cell(tier.name, small=tier.algorithm, code=True),
                Cell(tier.rate),
                Cell(tier.in_force),
                Cell(tier.key),
                Cell(tier.without_store),
            ),
        )
        for tier in limits.tiers(factor)
    )
    return Table("tiers", "All tiers", heads, rows, folded=f"All {many(len(rows), 'tier')}")


def rules(now: datetime) -> Body:
    """The addresses that are let through or kept out."""
    held = limits.active_rules(now)
    rows = tuple(
        Row(
            f"{rule.pk}",
            (
                Cell(str(rule.network), small=rule.reason, code=True),
                Cell(mark=Mark("bad", "Kept out") if rule.verdict == "deny" else Mark("good", "Let through")),
                Cell(clock(rule.expires_at, now) if rule.expires_at else "for good", number=True),
            ),
        )
        for rule in held[:MOST_RULES]
    )
    denied = sum(rule.verdict == "deny" for rule in held)
    heads = (("Network", False), ("Verdict", False), ("Until", True))
    return Body(
        Mark("idle", f"{many(denied, 'network')} kept out" if denied else "None kept out"),
        tables=(Table("rules", "Rules in force, the newest first", heads, rows, "No rule holds."),),
        note=f"The {MOST_RULES} newest of {len(held)} are shown." if len(held) > MOST_RULES else "",
    )
