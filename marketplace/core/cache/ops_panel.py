"""What operators see of the cache: how each family answers, on all processes of this machine since they began."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from prometheus_client import Metric

from marketplace.core.cache.engines import engine
from marketplace.core.cache.family import families
from monitoring.metrics import exposition
from monitoring.ops import panels
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body, Cell, Figure, Mark, Row, Table, milliseconds

# CONTRACT's target, and how many lookups say something about it.
TARGET, ENOUGH = 0.8, 200
_FOUND = ("hit_local", "hit", "stale", "waited")
_TROUBLE = ("refresh_failed", "load_failed", "misfit", "too_large", "unreachable", "refused", "not_queued")
_HEADS = (("Family", False), ("Lookups", True), ("Found", True), ("Stale", True), ("Loads", True), ("Trouble", False))


@dataclass
class _Counted:
    answers: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    events: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    seconds: float = 0.0
    loads: int = 0

    @property
    def lookups(self) -> int:
        return sum(number for kind, number in self.answers.items() if kind != "bypass")

    @property
    def found(self) -> int:
        return sum(self.answers[kind] for kind in _FOUND)


def register() -> None:
    """Called when the app is ready."""
    panels.register(Panel("cache", "Cache", panel, 46, lane="cache", every=10.0, column="right"))


def panel(now: datetime) -> Body:
    """Every family with its share of hits; what is loaded inside transactions is not asked of the cache."""
    counted = _read(exposition.counted())
    total, found = (sum(getattr(entry, name) for entry in counted.values()) for name in ("lookups", "found"))
    rows = tuple(_row(family.name, counted.get(family.name, _Counted())) for family in families())
    return Body(
        _mark(total, found),
        figures=(
            Figure("Found", _share(found, total)),
            Figure("Lookups", f"{total:,}"),
            Figure("In memory", f"{engine().local.size / 1e6:.1f} MB"),
        ),
        tables=(Table("families", "Since the processes of this machine began", _HEADS, rows, "Nothing is kept."),),
    )


def _mark(total: int, found: int) -> Mark:
    if engine().link.down:
        return Mark("bad", "Redis is left alone")
    if total < ENOUGH:
        return Mark("idle", "Few lookups yet")
    return Mark("good" if found >= TARGET * total else "warn", f"{_share(found, total)} found")


def _row(name: str, counted: _Counted) -> Row:
    mean = milliseconds(counted.seconds / counted.loads * 1000) if counted.loads else ""
    trouble = [f"{counted.events[kind]:,} {kind.replace('_', ' ')}" for kind in _TROUBLE if counted.events[kind]]
    return Row(
        name,
        (
            Cell(name, code=True),
            Cell(f"{counted.lookups:,}", number=True),
            Cell(_share(counted.found, counted.lookups), number=True),
            Cell(f"{counted.answers['stale']:,}", number=True),
            Cell(f"{counted.loads:,}", small=mean, number=True),
            Cell(", ".join(trouble) or "–"),
        ),
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} %" if whole else "–"


def _read(metrics: Iterable[Metric]) -> dict[str, _Counted]:
    found: dict[str, _Counted] = defaultdict(_Counted)
    for metric in metrics:
        for sample in metric.samples:
            if sample.name == "awning_cache_answers_total":
                found[sample.labels["family"]].answers[sample.labels["answer"]] += int(sample.value)
            elif sample.name == "awning_cache_events_total":
                found[sample.labels["family"]].events[sample.labels["event"]] += int(sample.value)
            elif sample.name == "awning_cache_load_seconds_sum":
                found[sample.labels["family"]].seconds += sample.value
            elif sample.name == "awning_cache_load_seconds_count":
                found[sample.labels["family"]].loads += int(sample.value)
    return found
