"""The filter panel: facets with counts, the price with its histogram, quick filters and chips."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Attribute
from marketplace.catalog.search.facets import Histogram
from marketplace.core import money
from marketplace.core.hall import currency
from marketplace.sellers import queries as sellers
from marketplace.storefront import formats
from marketplace.storefront.list_query import ListQuery
from marketplace.storefront.pages.finding import Found
from marketplace.storefront.viewmodels import Chip, Facet, FacetOption, HistogramBar, PriceFacet

# More attributes than this make a panel nobody reads; those that most results have come first.
MAX_ATTRIBUTES = 8
# Attributes beyond the first few start folded.
OPEN_ATTRIBUTES = 3
MAX_OPTIONS = 40
_BOOLEANS = {"yes": "Yes", "no": "No"}


def facets(found: Found, shelves: list[catalog.Shelf]) -> tuple[Facet, ...]:
    """Every facet worth showing; one query, for the names of the stalls."""
    groups = [
        _categories(found, shelves),
        _condition(found),
        _stock(found),
        _stalls(found),
        *_attributes(found),
    ]
    return tuple(facet for facet in groups if facet is not None)


def _categories(found: Found, shelves: list[catalog.Shelf]) -> Facet | None:
    tree = catalog.shelves()
    chosen = found.query.categories
    listed = [*shelves, *(tree.by_slug[slug] for slug in chosen if tree.by_slug[slug] not in shelves)]
    counted = found.counts.categories
    options = [
        _option(shelf.slug, shelf.name, counted.get(shelf.pk, 0), found, checked=shelf.slug in chosen)
        for shelf in listed
        if shelf.pk in counted or shelf.slug in chosen
    ]
    return _facet("category", "Category", options)


def _condition(found: Found) -> Facet | None:
    counted = found.counts.tokens.get("condition", {})
    chosen = found.query.values("condition")
    options = [
        _option(value, label, counted.get(value, 0), found, checked=value in chosen)
        for value, label in formats.CONDITIONS.items()
        if value in counted or value in chosen
    ]
    return _facet("condition", "Condition", options)


def _stock(found: Found) -> Facet | None:
    option = _option("1", "In stock", found.counts.in_stock, found, checked=found.query.in_stock)
    return Facet("in_stock", "Availability", (option,)) if found.counts.total or found.query.in_stock else None


def _stalls(found: Found) -> Facet | None:
    """Stalls by number of things, with names looked up for those that are shown."""
    counted = found.counts.stalls
    chosen = set(found.stall_ids.values())
    ids = sorted(counted, key=lambda pk: (pk not in chosen, -counted[pk], pk))[:MAX_OPTIONS]
    names = sellers.stall_names([*ids, *chosen])
    options = [
        _option(names[pk][0], names[pk][1], counted.get(pk, 0), found, checked=pk in chosen)
        for pk in dict.fromkeys([*ids, *chosen])
        if pk in names
    ]
    return _facet("stall", "Stall", options)


def _attributes(found: Found) -> Iterator[Facet]:
    known = catalog.facet_attributes()
    counted = {slug: values for slug, values in found.counts.tokens.items() if slug in known}
    chosen = {slug for slug, _ in found.query.tokens if slug in known}
    ranked = sorted(
        counted.keys() | chosen, key=lambda slug: (slug not in chosen, -sum(counted.get(slug, {}).values()))
    )
    for place, slug in enumerate(sorted(ranked[:MAX_ATTRIBUTES], key=list(known).index)):
        facet = _attribute(found, known[slug], counted.get(slug, {}))
        if facet is not None:
            yield replace(facet, open=place < OPEN_ATTRIBUTES or slug in chosen)


def _attribute(found: Found, attribute: catalog.FacetAttribute, counted: Mapping[str, int]) -> Facet | None:
    chosen = found.query.values(attribute.slug)
    values = dict.fromkeys([*counted, *chosen])
    match attribute.kind:
        case Attribute.Kind.NUMBER:
            ordered = sorted(values, key=_number)
        case Attribute.Kind.BOOLEAN:
            ordered = [value for value in _BOOLEANS if value in values]
        case _:
            ordered = sorted(values, key=lambda value: (-counted.get(value, 0), value))
    options = [
        _option(value, value_text(attribute, value), counted.get(value, 0), found, checked=value in chosen)
        for value in ordered[:MAX_OPTIONS]
    ]
    return _facet(attribute.slug, attribute.label, options)


def value_text(attribute: catalog.FacetAttribute, value: str) -> str:
    """A value as people read it: "Yes", "30 cm", or the choice itself."""
    if attribute.kind == Attribute.Kind.BOOLEAN:
        return _BOOLEANS.get(value, value)
    return f"{value} {attribute.unit}".strip() if attribute.kind == Attribute.Kind.NUMBER else value


def _number(value: str) -> tuple[Decimal, str]:
    try:
        return Decimal(value), value
    except InvalidOperation:
        return Decimal(0), value


def _option(value: str, text: str, count: int, found: Found, *, checked: bool) -> FacetOption:
    # Counting stops at 10,000 results, so beyond it a value has at least the number that was seen.
    plus = "+" if found.counts.capped and count else ""
    return FacetOption(value, text, f"{count:,}{plus}", checked=checked, disabled=not count and not checked)


def _facet(name: str, title: str, options: list[FacetOption]) -> Facet | None:
    """A facet with one value divides nothing, so it is left out unless that value is chosen."""
    worth = len(options) > 1 or any(option.checked for option in options)
    return Facet(name, title, tuple(options)) if worth else None


def price_facet(found: Found) -> PriceFacet:
    """Both fields with the histogram of prices as they would be without them."""
    query, histogram = found.query, found.counts.histogram
    return PriceFacet(
        sign=money.symbol(currency()),
        minimum=query.price_min,
        maximum=query.price_max,
        bars=_bars(histogram, query) if histogram else (),
        summary=_summary(histogram) if histogram else "",
        error=query.price_error,
    )


def _bars(histogram: Histogram, query: ListQuery) -> tuple[HistogramBar, ...]:
    """Bars five wide in steps of six, in a box of 120 by 30; the lowest visible bar is one high."""
    most = max(histogram.bars) or 1
    step = (histogram.high - histogram.low) / len(histogram.bars)
    low = query.price_min_minor if query.price_min_minor is not None else 0
    high = query.price_max_minor if query.price_max_minor is not None else None
    drawn = []
    for place, number in enumerate(histogram.bars):
        height = round(max(1.0, 30 * number / most), 1) if number else 0.0
        start, end = histogram.low + place * step, histogram.low + (place + 1) * step
        outside = end < low or (high is not None and start > high)
        drawn.append(HistogramBar(str(place * 6), f"{30 - height:g}", f"{height:g}", outside=outside))
    return tuple(drawn)


def _summary(histogram: Histogram) -> str:
    low, high = formats.price(histogram.quarter), formats.price(histogram.three_quarters)
    return f"Half of the things cost between {low} and {high}." if low != high else f"Most things cost {low}."


def chips(found: Found, path: str) -> tuple[Chip, ...]:
    """Every applied value, each with the address of the list without it."""
    query, tree = found.query, catalog.shelves()
    names = sellers.stall_names(found.stall_ids.values()) if query.stalls else {}
    shown = [
        Chip(tree.by_slug[slug].name, replace(query, categories=_minus(query.categories, slug), page=1).url(path))
        for slug in query.categories
    ]
    shown += [
        Chip(names[found.stall_ids[slug]][1], replace(query, stalls=_minus(query.stalls, slug), page=1).url(path))
        for slug in query.stalls
    ]
    shown += [
        Chip(token_text(facet, value), query.toggled(facet, value).url(path))
        for facet, values in query.tokens
        for value in values
    ]
    if price := price_text(query):
        shown.append(Chip(price, query.without("price").url(path)))
    if query.in_stock:
        shown.append(Chip("In stock", query.without("in_stock").url(path)))
    return tuple(shown)


def token_text(facet: str, value: str) -> str:
    """A chosen value on its own, where its facet's title does not stand above it."""
    if facet == "condition":
        return formats.CONDITIONS[value]
    attribute = catalog.facet_attributes()[facet]
    text = value_text(attribute, value)
    return text if attribute.kind == Attribute.Kind.CHOICE else f"{attribute.label}: {text}"


def price_text(query: ListQuery) -> str:
    """ "€40 to €900", "From €40", "Up to €900", or "" without a price."""
    low, high = query.price_min_minor, query.price_max_minor
    if low is not None and high is not None:
        return f"{formats.price(low)} to {formats.price(high)}"
    if low is not None:
        return f"From {formats.price(low)}"
    return f"Up to {formats.price(high)}" if high is not None else ""


def _minus(values: tuple[str, ...], gone: str) -> tuple[str, ...]:
    return tuple(value for value in values if value != gone)


def quick(found: Found, shown: tuple[Facet, ...], path: str) -> tuple[Chip, ...]:
    """Up to six filters that many want: in stock, a low price, new, and the commonest value of the first attributes."""
    query = found.query
    chips_shown = [Chip("In stock", replace(query, in_stock=not query.in_stock, page=1).url(path), on=query.in_stock)]
    chips_shown += _cheap(found, path)
    attributes = catalog.facet_attributes()
    for facet in shown:
        if facet.name != "condition" and (facet.name not in attributes or not facet.open):
            continue
        best = max(facet.options, key=lambda option: (option.checked, int(option.count.rstrip("+").replace(",", ""))))
        if not best.disabled:
            text = token_text(facet.name, best.value)
            chips_shown.append(Chip(text, query.toggled(facet.name, best.value).url(path), on=best.checked))
    return tuple(chips_shown[:6]) if found.counts.total or query.narrowed else ()


def _cheap(found: Found, path: str) -> Iterator[Chip]:
    """ "Under €20": a round price that a quarter of the things stay below."""
    histogram = found.counts.histogram
    if histogram is None or histogram.low == histogram.high - 1:
        return
    major = int(money.to_major(histogram.quarter, currency()))
    size = 10 ** max(0, len(str(major)) - 1)
    limit = max(size, round(major / size) * size) if major else 1
    minor = money.to_minor(Decimal(limit), currency())
    on = found.query.price_max_minor == minor and found.query.price_min_minor is None
    without = found.query.without("price")
    wanted = without if on else replace(without, price_max=str(limit), price_max_minor=minor)
    if minor > histogram.low:
        yield Chip(f"Up to {formats.price(minor)}", wanted.url(path), on=on)
