"""How old the answers are that the hall keeps ready: floors above register what they refresh."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from monitoring.ops.parts import Body, Cell, Mark, Row, Table, Tone, span, worst

# Seconds since it was last refreshed, None when it never was; reads PostgreSQL, asks nobody else.
Age: TypeAlias = Callable[[datetime], float | None]


@dataclass(frozen=True, slots=True)
class View:
    """``fresh`` and ``usable`` are ages in seconds: up to the first it is fresh, beyond the second it is too old."""

    title: str
    kind: str
    age: Age
    fresh: float
    usable: float


_views: dict[str, View] = {}


def register(name: str, view: View) -> None:
    """Adds something that is refreshed; a second one of the same name takes its place."""
    _views[name] = view


def body(now: datetime) -> Body:
    """The panel: each with its age and what that means."""
    views = sorted(_views.items())
    if not views:
        return Body(
            Mark("idle", "Nothing registered"), note="Nothing that is refreshed ahead of time is registered yet."
        )
    rows, tones = [], []
    for name, view in views:
        age = view.age(now)
        mark = _mark(age, view)
        tones.append(mark.tone)
        rows.append(
            Row(
                name,
                (
                    Cell(view.title, small=view.kind),
                    Cell(mark=mark),
                    Cell(span(age) if age is not None else "never", number=True),
                    Cell(f"{span(view.fresh)} / {span(view.usable)}", number=True),
                ),
            )
        )
    heads = (("What", False), ("State", False), ("Age", True), ("Fresh / usable", True))
    tone = worst(*tones)
    old = sum(tone in ("warn", "bad") for tone in tones)
    mark = Mark(tone, f"{old} of {len(views)} old" if old else "All fresh")
    return Body(mark, tables=(Table("views", "Age of what is kept ready", heads, tuple(rows)),))


def _mark(age: float | None, view: View) -> Mark:
    if age is None:
        return Mark("warn", "Never refreshed")
    if age <= view.fresh:
        return Mark("good", "Fresh")
    tone: Tone = "warn" if age <= view.usable else "bad"
    return Mark(tone, "Getting old" if tone == "warn" else "Too old")
