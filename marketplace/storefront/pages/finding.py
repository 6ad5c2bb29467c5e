"""Runs a list: counts first, then the page of cards; a word that matches nothing is corrected once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from marketplace.catalog import queries as catalog
from marketplace.catalog.search.facets import Counts, Histogram, counts
from marketplace.catalog.search.hits import hits
from marketplace.catalog.search.params import MAX_PAGE, PAGE_SIZE, Filters
from marketplace.catalog.search.words import correct
from marketplace.core.page_parts import Note, PageLink
from marketplace.insights import queries as insights
from marketplace.sellers import queries as sellers
from marketplace.storefront import formats
from marketplace.storefront.list_query import ListQuery
from marketplace.storefront.viewmodels import Shown


@dataclass(frozen=True, slots=True)
class Found:
    """One page of a list. ``query`` has the page that is really shown; ``stall_ids`` the chosen stalls that exist."""

    query: ListQuery
    counts: Counts
    rows: Sequence[catalog.CardRow]
    notes: tuple[Note, ...]
    last: int
    stall_ids: dict[str, int]


def find(query: ListQuery, *, shelves: Iterable[int], within: int | None = None, stall: int | None = None) -> Found:
    """Three queries; two more for a typo, one more when stalls were chosen. ``shelves`` are the categories to count.

    Prices of a whole category come from its statistics, which were counted before: all of them, not the first 10,000.
    """
    tree = catalog.shelves()
    stall_ids = sellers.stall_ids(query.stalls) if query.stalls else {}
    known = replace(
        query,
        categories=tuple(slug for slug in query.categories if slug in tree.by_slug),
        stalls=tuple(slug for slug in query.stalls if slug in stall_ids),
    )
    notes = list(_dropped(query, known))
    filters = _filters(known, stall_ids, within=within, stall=stall)
    shelf_ids = list(shelves)
    whole = _whole(known, within=within, stall=stall)
    counted = counts(filters, shelves=shelf_ids, histogram=whole is None)
    if not counted.total and filters.text and (correction := correct(filters.text)):
        corrected = filters.with_text(correction.text)
        again = counts(corrected, shelves=shelf_ids)
        if again.total:
            filters, counted = corrected, again
            typed = " and ".join(f"“{word}”" for word, _ in correction.replaced)
            notes.append(Note(f"Nothing matches {typed}. These are the results for “{correction.text}”."))
    if whole is not None:
        # A new one: what was counted is remembered, and belongs to everybody who asks.
        counted = replace(counted, histogram=whole)
    last = min(max(1, -(-counted.total // PAGE_SIZE)), MAX_PAGE)
    if known.page > last:
        notes.append(
            Note(
                f"The list ends at page {last}: narrow it down to see others."
                if last == MAX_PAGE
                else f"The list has {formats.plural(last, 'page', 'pages')}; this is the last one."
            )
        )
        known = replace(known, page=last)
    ids = hits(filters, sort=known.sort, page=known.page, matches=counted.total)
    return Found(known, counted, catalog.cards(ids, stall_id=stall), tuple(notes), last, stall_ids)


def _whole(query: ListQuery, *, within: int | None, stall: int | None) -> Histogram | None:
    """The prices of the category or of the market, when nothing but a price narrows it."""
    chosen = (query.text, query.categories, query.stalls, query.tokens, query.in_stock, stall)
    spread = None if any(chosen) else insights.price_spread(insights.WHOLE_MARKET if within is None else within)
    if spread is None:
        return None
    return Histogram(spread.low, spread.high, spread.quarter, spread.three_quarters, spread.bars)


def _filters(query: ListQuery, stall_ids: dict[str, int], *, within: int | None, stall: int | None) -> Filters:
    """The address's words and slugs as keys."""
    tree = catalog.shelves()
    return Filters(
        text=query.text,
        within=within,
        stall=stall,
        categories=tuple(tree.by_slug[slug].pk for slug in query.categories),
        stalls=tuple(stall_ids.values()),
        tokens=query.tokens,
        price_min=query.price_min_minor,
        price_max=query.price_max_minor,
        in_stock=query.in_stock,
    )


def _dropped(asked: ListQuery, known: ListQuery) -> Iterable[Note]:
    """What the address names and the market does not have."""
    for slug in set(asked.categories) - set(known.categories):
        yield Note(f"There is no category “{slug}”, so all categories are searched.", "warn")
    for slug in set(asked.stalls) - set(known.stalls):
        yield Note(f"There is no stall “{slug}” in the market, so it is left out.", "warn")
    if asked.price_error:
        yield Note(f"{asked.price_error} The price is not used as a filter.", "warn")


def shown(found: Found) -> Shown | None:
    """Which part of the list is on the page."""
    if not found.rows:
        return None
    first = (found.query.page - 1) * PAGE_SIZE + 1
    return Shown(f"{first:,}", f"{first + len(found.rows) - 1:,}", formats.things(found.counts.total))


def next_page(found: Found, path: str) -> str:
    """The address of the next page, "" on the last."""
    query = found.query
    return replace(query, page=query.page + 1).url(path) if found.rows and query.page < found.last else ""


def pager(found: Found, path: str) -> tuple[PageLink, ...]:
    """Previous, the first page, the ones around this one, the last, Next; nothing for a single page."""
    here, last = found.query.page, found.last
    if last == 1:
        return ()

    def href(page: int) -> str:
        return replace(found.query, page=page).url(path)

    numbers = sorted({1, last, *range(max(1, here - 1), min(last, here + 1) + 1)})
    links = [PageLink("Previous", href(here - 1), rel="prev")] if here > 1 else []
    before = 0
    for number in numbers:
        if number > before + 1:
            links.append(PageLink("…", gap=True))
        links.append(PageLink(str(number), href(number), current=number == here))
        before = number
    if here < last:
        links.append(PageLink("Next", href(here + 1), rel="next"))
    return tuple(links)
