"""Filters as SQL conditions on the search index, one per facet, so that each can be left out for its own counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from marketplace.catalog import facts
from marketplace.catalog.search.params import Filters
from marketplace.catalog.search.text import tsquery

Params: TypeAlias = dict[str, str | int | list[int] | list[str]]

CATEGORY, STALL, PRICE, IN_STOCK = "category", "stall", "price", "in_stock"


@dataclass(frozen=True, slots=True)
class Where:
    """``base`` makes the list, ``facets`` narrow it; all share the named ``params``."""

    base: tuple[str, ...]
    facets: Mapping[str, str]
    params: Params

    def all_but(self, left_out: str = "") -> str:
        """The conditions of every facet but one, as text after WHERE."""
        parts = [*self.base, *(sql for name, sql in self.facets.items() if name != left_out)]
        return " AND ".join(parts) or "true"

    def base_only(self) -> str:
        """The conditions without any facet."""
        return " AND ".join(self.base) or "true"


def depends(filters: Filters) -> tuple[str, ...]:
    """The tags of what makes a list grow: things that come to stand on its shelf, or at its stall."""
    shelf = (facts.shelf_tag(filters.within),) if filters.within is not None else ()
    stall = (facts.goods_tag(filters.stall),) if filters.stall is not None else ()
    return (*shelf, *stall)


def where(filters: Filters) -> Where:
    """The conditions of these filters. Values travel as parameters, never inside the SQL."""
    params: Params = {}
    base = []
    if query := tsquery(filters.text):
        base.append("document @@ to_tsquery('awning', %(query)s)")
        params["query"] = query
    if filters.within is not None:
        base.append("categories @> ARRAY[%(within)s]::bigint[]")
        params["within"] = filters.within
    if filters.stall is not None:
        base.append("sellers @> ARRAY[%(only_stall)s]::bigint[]")
        params["only_stall"] = filters.stall
    return Where(tuple(base), _facets(filters, params), params)


def _facets(filters: Filters, params: Params) -> dict[str, str]:
    facets = {}
    if filters.categories:
        facets[CATEGORY] = "categories && %(categories)s::bigint[]"
        params["categories"] = list(filters.categories)
    if filters.stalls:
        facets[STALL] = "sellers && %(stalls)s::bigint[]"
        params["stalls"] = list(filters.stalls)
    for number, (name, values) in enumerate(filters.tokens):
        facets[name] = f"tokens && %(tokens_{number})s::varchar[]"
        params[f"tokens_{number}"] = [f"{name}:{value}" for value in values]
    prices = []
    if filters.price_min is not None:
        prices.append("price_minor >= %(price_min)s")
        params["price_min"] = filters.price_min
    if filters.price_max is not None:
        prices.append("price_minor <= %(price_max)s")
        params["price_max"] = filters.price_max
    if prices:
        facets[PRICE] = " AND ".join(prices)
    if filters.in_stock:
        facets[IN_STOCK] = "in_stock"
    return facets
