"""The operators' page: panels drawn for one operator, each with a mark of its content, so that only changes travel."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import blake2b
from itertools import groupby
from typing import Final, Literal, TypeAlias

from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse

from monitoring.ops.actions import permission_of
from monitoring.ops.board import Shown
from monitoring.ops.panels import Column
from monitoring.ops.parts import Body, Mark, Row, Table, clock, many, worst

# Whether the operator holds a right; "" is asked for what superusers alone may do.
May: TypeAlias = Callable[[str], bool]
State: TypeAlias = Literal["shown", "away", "waiting"]
OVERVIEW: Final = "overview"
TITLE: Final = "Operations"


@dataclass(frozen=True, slots=True)
class PanelView:
    """One panel as the template draws it; ``said`` stands in place of a body that is not there."""

    name: str
    title: str
    state: State
    mark: Mark
    body: Body | None
    said: str
    href: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The first glance: a sentence, and every panel's state with a link to it."""

    mark: Mark
    headline: str
    lines: Sequence[PanelView]


@dataclass(frozen=True, slots=True)
class Section:
    """A finished piece of the page and the mark of its content."""

    name: str
    html: str
    digest: str
    column: Column = "wide"


@dataclass(frozen=True, slots=True)
class Block:
    """Panels beside each other, or ``wide`` ones that take the whole width."""

    wide: Sequence[Section]
    left: Sequence[Section]
    right: Sequence[Section]


@dataclass(frozen=True, slots=True)
class OpsPage:
    """The whole page; ``at`` is when it was made, as text and for machines."""

    operator: str
    at: str
    at_iso: str
    overview: Section
    blocks: Sequence[Block]


def page(shown: Sequence[Shown], *, operator: str, may: May, now: datetime) -> OpsPage:
    """Everything, drawn."""
    first, *rest = sections(shown, may=may, now=now)
    return OpsPage(operator, f"{now:%H:%M:%S}", now.isoformat(timespec="seconds"), first, _blocks(rest))


def _blocks(found: Sequence[Section]) -> list[Block]:
    """Wide panels and pairs of columns, in the order of the page; a column keeps its panels whatever their heights."""
    runs = groupby(found, key=lambda section: section.column == "wide")
    return [_block(list(run), wide=wide) for wide, run in runs]


def _block(run: Sequence[Section], *, wide: bool) -> Block:
    if wide:
        return Block(wide=run, left=(), right=())
    left = [section for section in run if section.column == "left"]
    return Block(wide=(), left=left, right=[section for section in run if section.column == "right"])


def sections(shown: Sequence[Shown], *, may: May, now: datetime) -> list[Section]:
    """The overview and all panels. The same content has the same mark in every process."""
    views = [_view(one, may=may, now=now) for one in shown]
    drawn = [_drawn("panel", view.name, view, one.panel.column) for view, one in zip(views, shown, strict=True)]
    return [_drawn("overview", OVERVIEW, _overview(views)), *drawn]


def changed(found: Sequence[Section], seen: Mapping[str, str]) -> list[Section]:
    """What an operator who has ``seen`` these marks does not have yet."""
    return [section for section in found if seen.get(section.name) != section.digest]


def seen(text: str) -> dict[str, str]:
    """The marks that a browser says it has: "health.a1b2 queues.c3d4"; nonsense is nothing."""
    pairs = (pair.partition(".") for pair in text[:4_000].split())
    return {name: digest for name, _, digest in pairs}


def missing(found: Sequence[Section], names: Collection[str]) -> bool:
    """Whether the browser's page has other panels than there are now: it must be loaded anew."""
    return {section.name for section in found} != set(names)


def _drawn(template: str, name: str, view: PanelView | Overview, column: Column = "wide") -> Section:
    html = render_to_string(f"ops/{template}.html", {template: view}, using="jinja2")
    return Section(name, html, blake2b(html.encode(), digest_size=6).hexdigest(), column)


def _view(one: Shown, *, may: May, now: datetime) -> PanelView:
    panel, body = one.panel, one.body
    state: State = "shown"
    said, mark = "", body.mark if body else Mark("idle", "Being looked up")
    if body is None and one.away_since is not None:
        since = f"{clock(one.away_since, now)} UTC"
        state, mark, said = "away", Mark("bad", "Not available"), f"Not available since {since}. {one.why}"
    elif body is None:
        state, said = "waiting", "This is being looked up."
    return PanelView(
        name=panel.name,
        title=panel.title,
        state=state,
        mark=mark,
        body=_allowed(body, may) if body else None,
        said=said,
        href=_list(panel.admin),
    )


def _allowed(body: Body, may: May) -> Body:
    """The body with those buttons alone that this operator may press."""
    return replace(body, tables=tuple(_allowed_table(table, may) for table in body.tables))


def _allowed_table(table: Table, may: May) -> Table:
    if not table.has_acts:
        return table
    return replace(table, rows=tuple(_allowed_row(row, may) for row in table.rows))


def _allowed_row(row: Row, may: May) -> Row:
    return replace(row, acts=tuple(act for act in row.acts if may(permission_of(act.name))))


def _list(model: str) -> str:
    """The admin's list of a model, "" where the site has none."""
    try:
        return reverse(f"admin:{model}_changelist") if model else ""
    except NoReverseMatch:
        return ""


def _overview(views: Sequence[PanelView]) -> Overview:
    away = [view for view in views if view.state == "away"]
    bad = [view for view in views if view.mark.tone == "bad"]
    warned = [view for view in views if view.mark.tone == "warn"]
    tone = worst(*(view.mark.tone for view in views if view.mark.tone != "idle"), "good")
    if bad:
        headline = f"{', '.join(view.title for view in bad)}: look here first."
    elif warned:
        headline = f"Nothing is broken. {many(len(warned), 'part')} to watch: {', '.join(v.title for v in warned)}."
    else:
        headline = "All is well."
    words = {"good": "Well", "warn": "Watch", "bad": "Trouble", "idle": "Well"}
    return Overview(Mark(tone, "Sources away" if away else words[tone]), headline, views)


def moment() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)
