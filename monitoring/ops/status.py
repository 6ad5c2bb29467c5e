"""What the public is told: which parts of the hall work, in words, from what this process already knows.

Floors above register components: a title and the health checks it stands on, with words for each. No operator's detail and
no person's datum can reach the page, because every sentence on it was written beforehand.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from monitoring.health.board import Result

State: TypeAlias = Literal["works", "limited", "stopped", "unknown"]
WORDS: Mapping[State, str] = {
    "works": "Works",
    "limited": "Works with limits",
    "stopped": "Does not work",
    "unknown": "Being checked",
}
_RANK: Mapping[State, int] = {"works": 0, "unknown": 1, "limited": 2, "stopped": 3}


@dataclass(frozen=True, slots=True)
class Leg:
    """A health check that a component stands on: what its failure does to it, and what people are told then.

    ``warns``: already a warning of the check counts as "limited".
    """

    check: str
    failed: State
    words: str
    warns: bool = False


@dataclass(frozen=True, slots=True)
class Component:
    """A part of the hall as visitors name it."""

    title: str
    legs: Sequence[Leg]


@dataclass(frozen=True, slots=True)
class Line:
    """One component as the page shows it. ``since`` is a sentence, ``since_at`` its machine form; both may be empty."""

    title: str
    state: State
    state_text: str
    words: Sequence[str]
    since: str
    since_at: str


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that operators are working on, in plain words."""

    words: str
    since: str
    since_at: str


@dataclass(frozen=True, slots=True)
class StatusPage:
    """Everything of the page, as text."""

    state: State
    headline: str
    lines: Sequence[Line]
    incidents: Sequence[Incident]
    updated: str
    updated_at: str


_components: list[Component] = []
# The name of a rule, and what the public is told while it fires.
_public: dict[str, str] = {}
_HEADLINES: Mapping[State, str] = {
    "works": "Everything works.",
    "unknown": "We are just checking.",
    "limited": "The market is open, with limits.",
    "stopped": "Something does not work at the moment.",
}


def register(*components: Component, incidents: Mapping[str, str] | None = None) -> None:
    """Takes the place of what was registered: the components from top to bottom, and public words for rules of alerts."""
    _components[:] = components
    _public.clear()
    _public.update(incidents or {})


def public_rules() -> Mapping[str, str]:
    """The rules whose alerts the public hears of, and in which words."""
    return _public


def page(results: Sequence[Result], *, firing: Sequence[tuple[str, datetime]], now: datetime) -> StatusPage:
    """The page, from the findings of health checks and the (rule, since) of alerts that fire."""
    found = {result.name: result for result in results}
    lines = [_line(component, found) for component in _components]
    states: list[State] = [line.state for line in lines]
    incidents = _incidents(firing)
    state: State = max(states, key=_RANK.__getitem__, default="unknown")
    if incidents and state == "works":
        state = "limited"
    return StatusPage(
        state=state,
        headline=_HEADLINES[state],
        lines=lines,
        incidents=incidents,
        updated=f"{now:%H:%M:%S} UTC",
        updated_at=now.isoformat(timespec="seconds"),
    )


def _line(component: Component, found: Mapping[str, Result]) -> Line:
    verdicts = [(_verdict(leg, found.get(leg.check)), leg) for leg in component.legs]
    state: State = max((verdict for verdict, _ in verdicts), key=_RANK.__getitem__, default="unknown")
    # What is limited does not matter to anybody where nothing works.
    worst = [leg for verdict, leg in verdicts if verdict == state and _RANK[state] >= _RANK["limited"]]
    began = min(filter(None, (_began(found.get(leg.check)) for leg in worst)), default=None)
    return Line(
        title=component.title,
        state=state,
        state_text=WORDS[state],
        words=list(dict.fromkeys(leg.words for leg in worst)),
        since=_since(began) if began else "",
        since_at=began.isoformat(timespec="seconds") if began else "",
    )


def _began(result: Result | None) -> datetime | None:
    """Since when a failed check has not succeeded, as far as this process knows; a warning has no beginning."""
    return result.last_success if result is not None and result.state == "failed" else None


def _verdict(leg: Leg, result: Result | None) -> State:
    if result is None or result.state == "pending":
        return "unknown"
    if result.state == "failed":
        return leg.failed
    return "limited" if result.state == "warning" and leg.warns else "works"


def _incidents(firing: Sequence[tuple[str, datetime]]) -> list[Incident]:
    told: dict[str, datetime] = {}
    for rule, since in firing:
        words = _public.get(rule)
        if words:
            told[words] = min(since, told.get(words, since))
    return [
        Incident(words=words, since=_since(at), since_at=at.isoformat(timespec="seconds"))
        for words, at in sorted(told.items(), key=lambda item: item[1])
    ]


def _since(at: datetime) -> str:
    return f"since {at:%d %B, %H:%M} UTC"
