"""How many results each filter value would give, counted without the filter's own facet, in one statement."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from marketplace.catalog.search.params import COUNTED, Filters
from marketplace.catalog.search.where import CATEGORY, IN_STOCK, PRICE, STALL, Params, Where, depends, where
from marketplace.core import cache
from marketplace.core.replica import reader

K = TypeVar("K", int, str)

BARS = 20
# Enough of the unfiltered list to name the values it has; those that count get their number elsewhere.
SAMPLE = 2_000
_ALL, _BASE = "all", "base"

_ROWS = (
    "{name} AS MATERIALIZED (SELECT categories, sellers, tokens, price_minor, in_stock"
    " FROM catalog_searchentry WHERE {where} LIMIT {limit})"
)
_TOKENS = "SELECT '{group}', 'token', token, count(*) FROM {name}, unnest(tokens) AS token{only} GROUP BY token"
_CATEGORIES = (
    "SELECT '{group}', 'category', id::text, count(*) FROM {name}, unnest(categories) AS id"
    " WHERE id = ANY(%(shelves)s) GROUP BY id"
)
_STALLS = "SELECT '{group}', 'stall', id::text, count(*) FROM {name}, unnest(sellers) AS id GROUP BY id"
_IN_STOCK = "SELECT '{group}', 'in_stock', '', count(*) FILTER (WHERE in_stock) FROM {name}"
_TOTAL = "SELECT '{group}', 'total', '', count(*) FROM {name}"
# The bars end at the 98th percentile, so that one dear thing does not flatten all others; the last bar holds the rest.
_COUNT = "SELECT count(*) FROM (SELECT FROM catalog_searchentry WHERE {where} LIMIT %(counted)s) found"
_BOUNDS = (
    "bounds AS (SELECT min(price_minor) AS low, greatest(percentile_disc(0.98) WITHIN GROUP (ORDER BY price_minor),"
    " min(price_minor) + 1) AS high, percentile_disc(0.25) WITHIN GROUP (ORDER BY price_minor) AS quarter,"
    " percentile_disc(0.75) WITHIN GROUP (ORDER BY price_minor) AS three_quarters FROM {name})"
)
_BARS = (
    "SELECT '{group}', 'bar', least(width_bucket(price_minor, low, high, %(bars)s), %(bars)s)::text, count(*)"
    " FROM {name}, bounds GROUP BY 3"
)
_RANGE = (
    "SELECT 'bounds', bound.name, '', bound.value FROM bounds, LATERAL (VALUES ('low', low), ('high', high),"
    " ('quarter', quarter), ('three_quarters', three_quarters)) AS bound (name, value) WHERE low IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Histogram:
    """``bars`` counts products in equal steps from ``low`` to ``high``; the last bar also holds what is dearer.

    Half of the products cost between ``quarter`` and ``three_quarters``. All prices are minor units.
    """

    low: int
    high: int
    quarter: int
    three_quarters: int
    bars: tuple[int, ...]


@dataclass(slots=True)
class Counts:
    """What the list would hold. Each mapping also has the values that would give nothing now, with 0.

    ``tokens`` is keyed by facet, then value. ``total`` stops at 10,000, and then ``capped`` is true.
    """

    total: int = 0
    tokens: dict[str, dict[str, int]] = field(default_factory=dict)
    categories: dict[int, int] = field(default_factory=dict)
    stalls: dict[int, int] = field(default_factory=dict)
    in_stock: int = 0
    without: dict[str, int] = field(default_factory=dict)
    """How many there would be without this facet, for each that has a chosen value."""
    histogram: Histogram | None = None

    @property
    def capped(self) -> bool:
        return self.total >= COUNTED


_COUNTS = cache.declare("facets_counted", Counts, soft=600.0, hard=1800.0)


def counts(filters: Filters, *, shelves: list[int], histogram: bool = True) -> Counts:
    """Counts for every facet; ``shelves`` are the categories worth counting; ``histogram`` False leaves prices out.

    Facets without a chosen value share one pass over the results; each facet with one has its own, without itself.
    """
    key = f"{histogram}:{shelves}:{filters}"
    return _COUNTS.get(key, lambda: _load(filters, shelves, histogram=histogram), depends=depends(filters))


def _load(filters: Filters, shelves: list[int], *, histogram: bool) -> Counts:
    conditions = where(filters)
    params: Params = conditions.params | {"shelves": shelves, "bars": BARS}
    tables, selects = _statement(conditions, histogram=histogram)
    sql = f"WITH {', '.join(tables)} {' UNION ALL '.join(selects)}"
    with reader().cursor() as cursor:
        cursor.execute(sql, params)
        return _read(cursor.fetchall(), active=conditions.facets)


def total(filters: Filters) -> int:
    """How many products the filters leave, counted up to 10,000."""
    conditions = where(filters)
    sql = _COUNT.format(where=conditions.all_but())
    with reader().cursor() as cursor:
        cursor.execute(sql, conditions.params | {"counted": COUNTED})
        found: int = cursor.fetchone()[0]
        return found


def _statement(conditions: Where, *, histogram: bool) -> tuple[list[str], list[str]]:
    """The common tables and the counts over them."""
    tables = [_ROWS.format(name="rows_all", where=conditions.all_but(), limit=COUNTED)]
    selects = [text.format(group=_ALL, name="rows_all") for text in (_CATEGORIES, _STALLS, _IN_STOCK, _TOTAL)]
    selects.append(_TOKENS.format(group=_ALL, name="rows_all", only=""))
    if conditions.facets:
        tables.append(_ROWS.format(name="rows_base", where=conditions.base_only(), limit=SAMPLE))
        selects += [text.format(group=_BASE, name="rows_base") for text in (_CATEGORIES, _STALLS)]
        selects.append(_TOKENS.format(group=_BASE, name="rows_base", only=""))
    for number, facet in enumerate(conditions.facets):
        name = f"rows_{number}"
        tables.append(_ROWS.format(name=name, where=conditions.all_but(facet), limit=COUNTED))
        selects += [_TOTAL.format(group=facet, name=name), *_own(facet, name)]
    if not histogram:
        return tables, selects
    priced = f"rows_{list(conditions.facets).index(PRICE)}" if PRICE in conditions.facets else "rows_all"
    tables.append(_BOUNDS.format(name=priced))
    selects += [_BARS.format(group="bars", name=priced), _RANGE]
    return tables, selects


def _own(facet: str, name: str) -> Iterator[str]:
    """The counts of one facet that has a chosen value."""
    if facet == CATEGORY:
        yield _CATEGORIES.format(group=facet, name=name)
    elif facet == STALL:
        yield _STALLS.format(group=facet, name=name)
    elif facet == IN_STOCK:
        yield _IN_STOCK.format(group=facet, name=name)
    elif facet != PRICE:
        # The facet is an attribute's slug: letters, digits, hyphens; never text of the URL.
        yield _TOKENS.format(group=facet, name=name, only=f" WHERE starts_with(token, '{facet}:')")


def _read(rows: list[tuple[str, str, str, int]], *, active: Mapping[str, str]) -> Counts:
    result = Counts()
    bars = [0] * BARS
    bounds: dict[str, int] = {}
    for group, kind, value, number in rows:
        if kind == "total" and group == _ALL:
            result.total = number
        elif kind == "total":
            result.without[group] = number
        elif group == "bounds":
            bounds[kind] = number
        elif kind == "bar":
            bars[max(0, int(value) - 1)] = number
        elif kind == IN_STOCK:
            if group == IN_STOCK or IN_STOCK not in active:
                result.in_stock = number
        elif kind == "token":
            facet, _, text = value.partition(":")
            _put(result.tokens.setdefault(facet, {}), text, number, group=group, own=facet, active=active)
        else:
            found = result.categories if kind == CATEGORY else result.stalls
            _put(found, int(value), number, group=group, own=kind, active=active)
    if bounds:
        result.histogram = Histogram(**bounds, bars=tuple(bars))
    return result


def _put(found: dict[K, int], value: K, number: int, *, group: str, own: str, active: Mapping[str, str]) -> None:
    """A facet with a chosen value believes only its own pass; the unfiltered pass only names what exists."""
    right = group == own if own in active else group == _ALL
    if right:
        found[value] = number
    elif group == _BASE:
        found.setdefault(value, 0)
