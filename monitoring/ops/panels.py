"""Which panels the operators' page has: every floor registers its own, with what it takes to build them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

from monitoring.ops.parts import Body

# Where a panel stands where there is room for two beside each other.
Column: TypeAlias = Literal["wide", "left", "right"]
Build: TypeAlias = Callable[[datetime], Body]

# Panels of this lane, and of those that begin with it and a colon, read PostgreSQL.
DATABASE: Final = "database"


@dataclass(frozen=True, slots=True)
class Panel:
    """``build`` is asked in a thread of its ``lane``, at most every ``every`` seconds, and must return text only.

    Panels of one lane are built one after another; a lane that hangs costs only its own panels. ``limit``: what each
    statement may take (seconds, PostgreSQL only). ``place`` orders the page. ``admin`` is the model
    (app_model) whose list in the admin has everything about it.
    """

    name: str
    title: str
    build: Build
    place: int
    lane: str = DATABASE
    limit: float = 0.25
    every: float = 2.0
    column: Column = "left"
    admin: str = ""

    @property
    def reads_database(self) -> bool:
        """Whether its lane reads PostgreSQL."""
        return self.lane.partition(":")[0] == DATABASE


_panels: dict[str, Panel] = {}


def register(panel: Panel) -> None:
    """Adds a panel; a second one of the same name takes its place."""
    if not panel.name.replace("-", "").isalnum():
        raise ValueError(f"{panel.name!r} is no name for a panel: use letters, digits and hyphens.")
    _panels[panel.name] = panel


def panels() -> list[Panel]:
    """All panels, in the order of the page."""
    return sorted(_panels.values(), key=lambda panel: (panel.place, panel.name))
