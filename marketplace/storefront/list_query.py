"""The address of a list: read with patience, written in one canonical order.

A parameter that makes no sense is left out and named; it never fails the page.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from django.http import QueryDict

from marketplace.catalog.models import Attribute, Offer
from marketplace.catalog.queries import FacetAttribute
from marketplace.catalog.search.params import MAX_PAGE, Sort
from marketplace.catalog.search.text import tidy
from marketplace.core.hall import currency
from marketplace.core.money import BadMoney, parse_minor

# What a list reads of its address beside the facets of its goods.
PARAMETERS = frozenset({"q", "category", "stall", "price_min", "price_max", "in_stock", "condition", "sort", "page"})
# Values of one facet that are taken into account: more than anybody would tick.
MAX_VALUES = 30
_SLUG = re.compile(r"[-\w]{1,80}", re.ASCII)
# Nothing in the market costs more than ten million; it also keeps the column's type safe.
_PRICE = re.compile(r"(\d{1,8})(?:[.,](\d{1,4}))?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListQuery:
    """What the address asks for. ``tokens`` holds (facet, values) in canonical order; prices are text as typed."""

    text: str = ""
    categories: tuple[str, ...] = ()
    stalls: tuple[str, ...] = ()
    tokens: tuple[tuple[str, tuple[str, ...]], ...] = ()
    price_min: str = ""
    price_max: str = ""
    price_min_minor: int | None = None
    price_max_minor: int | None = None
    in_stock: bool = False
    sort: Sort = Sort.RELEVANCE
    page: int = 1
    price_error: str = field(default="", compare=False)

    def values(self, facet: str) -> tuple[str, ...]:
        """The chosen values of a facet of tokens."""
        return dict(self.tokens).get(facet, ())

    @property
    def narrowed(self) -> bool:
        """Whether any filter is applied."""
        return self.unfiltered() != replace(self, sort=Sort.RELEVANCE, page=1)

    def unfiltered(self) -> "ListQuery":
        """The same words without any filter."""
        return ListQuery(text=self.text)

    def toggled(self, facet: str, value: str) -> "ListQuery":
        """With the value of a facet of tokens added, or removed if it is there; from the first page."""
        chosen = dict(self.tokens)
        old = chosen.get(facet, ())
        chosen[facet] = tuple(v for v in old if v != value) if value in old else (*old, value)
        return replace(self, tokens=tuple((name, values) for name, values in chosen.items() if values), page=1)

    def without(self, facet: str) -> "ListQuery":
        """Without anything chosen in this facet."""
        match facet:
            case "category":
                return replace(self, categories=(), page=1)
            case "stall":
                return replace(self, stalls=(), page=1)
            case "price":
                return replace(self, price_min="", price_max="", price_min_minor=None, price_max_minor=None, page=1)
            case "in_stock":
                return replace(self, in_stock=False, page=1)
        return replace(self, tokens=tuple(entry for entry in self.tokens if entry[0] != facet), page=1)

    def pairs(self, *, page: bool = True, sort: bool = True) -> list[tuple[str, str]]:
        """The parameters in canonical order; what is at its default is left out."""
        found = [("q", self.text)] if self.text else []
        found += [("category", slug) for slug in self.categories]
        found += [("stall", slug) for slug in self.stalls]
        found += [(name, value) for name, values in self.tokens for value in values]
        found += [(name, text) for name, text in (("price_min", self.price_min), ("price_max", self.price_max)) if text]
        if self.in_stock:
            found.append(("in_stock", "1"))
        if sort and self.sort is not Sort.RELEVANCE:
            found.append(("sort", self.sort.value))
        if page and self.page > 1:
            found.append(("page", str(self.page)))
        return found

    def url(self, path: str, *, page: bool = True, sort: bool = True) -> str:
        """The address of this list under a path."""
        pairs = self.pairs(page=page, sort=sort)
        return f"{path}?{urlencode(pairs)}" if pairs else path


def read(given: QueryDict, attributes: Mapping[str, FacetAttribute]) -> ListQuery:
    """What the address asks for; parameters and values that do not exist are left out."""
    low, low_error = _price(given.get("price_min", ""))
    high, high_error = _price(given.get("price_max", ""))
    texts = (given.get("price_min", "").strip()[:12], given.get("price_max", "").strip()[:12])
    if low is not None and high is not None and low > high:
        low, high, texts = high, low, (texts[1], texts[0])
    return ListQuery(
        text=tidy(given.get("q", "")),
        categories=_slugs(given.getlist("category")),
        stalls=_slugs(given.getlist("stall")),
        tokens=tuple(_tokens(given, attributes)),
        price_min=texts[0] if low is not None or low_error else "",
        price_max=texts[1] if high is not None or high_error else "",
        price_min_minor=low,
        price_max_minor=high,
        in_stock=given.get("in_stock") in ("1", "on", "true"),
        sort=_sort(given.get("sort", "")),
        page=_page(given.get("page", "")),
        price_error=low_error or high_error,
    )


def _tokens(given: QueryDict, attributes: Mapping[str, FacetAttribute]) -> Iterable[tuple[str, tuple[str, ...]]]:
    conditions = _known(given.getlist("condition"), Offer.Condition.values)
    if conditions:
        yield "condition", conditions
    for slug, attribute in attributes.items():
        typed = given.getlist(slug)
        if not typed:
            continue
        match attribute.kind:
            case Attribute.Kind.CHOICE:
                values = _known(typed, attribute.choices)
            case Attribute.Kind.BOOLEAN:
                values = _known(typed, ("yes", "no"))
            case _:
                values = tuple(dict.fromkeys(tidy(value)[:80] for value in typed[:MAX_VALUES] if tidy(value)))
        if values:
            yield slug, values


def _known(typed: list[str], known: Iterable[str]) -> tuple[str, ...]:
    """Those of the known values that were asked for, in the order in which they are known."""
    wanted = set(typed)
    return tuple(value for value in known if value in wanted)[:MAX_VALUES]


def _slugs(typed: list[str]) -> tuple[str, ...]:
    return tuple(sorted({slug for slug in typed if _SLUG.fullmatch(slug)}))[:MAX_VALUES]


def _price(typed: str) -> tuple[int | None, str]:
    """Minor units, or what is wrong with the text."""
    text = typed.strip()
    if not text:
        return None, ""
    if match := _PRICE.fullmatch(text):
        try:
            return parse_minor(f"{match[1]}.{match[2] or 0}", currency()), ""
        except BadMoney as error:
            return None, error.message
    return None, f"“{text[:20]}” is not a price: write it like 12.50."


def _sort(typed: str) -> Sort:
    return next((sort for sort in Sort if sort.value == typed), Sort.RELEVANCE)


def _page(typed: str) -> int:
    return min(max(int(typed), 1), MAX_PAGE) if typed.isascii() and typed.isdecimal() and len(typed) < 9 else 1
