"""A seller's stall."""

from dataclasses import replace

from marketplace.catalog import queries as catalog
from marketplace.core.addresses import country_name
from marketplace.core.hall import absolute
from marketplace.core.page_parts import Crumb, EmptyState, Hidden, Link, Meta
from marketplace.sellers import queries as sellers
from marketplace.storefront import formats, links
from marketplace.storefront.list_query import ListQuery
from marketplace.storefront.pages.cards import cards
from marketplace.storefront.pages.finding import find, next_page, pager, shown
from marketplace.storefront.pages.results import HOME, sort_options
from marketplace.storefront.viewmodels import Fact, StallPage, StallTag


def stall_page(slug: str, asked: ListQuery) -> StallPage:
    """The stall and its things; a list narrows by category only. Four queries. Raises NotFound."""
    stall = sellers.stall(slug)
    tree = catalog.shelves()
    top = tree.children.get(None, [])
    path = links.stall(stall.slug)
    query = ListQuery(categories=asked.categories[:1], sort=asked.sort, page=asked.page)
    found = find(query, shelves=[shelf.pk for shelf in top], stall=stall.pk)
    narrowed = found.query.categories
    sold = [shelf for shelf in top if found.counts.categories.get(shelf.pk) or shelf.slug in narrowed]
    return StallPage(
        meta=Meta(
            title=stall.name + (f" (page {found.query.page})" if found.query.page > 1 else ""),
            description=stall.blurb or f"{stall.name} sells in the market.",
            canonical=absolute(ListQuery(page=found.query.page).url(path)),
            robots="noindex, follow" if narrowed else "",
        ),
        stall=StallTag(stall.name, path, stall.hue, place=stall.place),
        action=path,
        result_text=formats.things(found.counts.total),
        cards=cards(found.rows),
        crumbs=(HOME, Crumb("Stalls", links.STALLS)),
        about=stall.story or stall.blurb,
        facts=_facts(stall),
        categories=_categories(sold, found.query, path, found.counts.categories),
        hidden=tuple(Hidden("category", chosen) for chosen in narrowed),
        sort_options=sort_options(found.query),
        shown=shown(found),
        load_more_href=next_page(found, path),
        pages=pager(found, path),
        empty=None
        if found.rows
        else EmptyState("Nothing on the counter", "This stall has nothing for sale right now."),
    )


def _categories(shelves: list[catalog.Shelf], query: ListQuery, path: str, counted: dict[int, int]) -> tuple[Link, ...]:
    """What the stall sells; a second press on the open one shows everything again. One category needs no choice."""
    if len(shelves) < 2:
        return ()
    return tuple(
        Link(
            shelf.name,
            replace(query, categories=() if shelf.slug in query.categories else (shelf.slug,), page=1).url(path),
            current=shelf.slug in query.categories,
            count=f"{counted.get(shelf.pk, 0):,}",
        )
        for shelf in shelves
    )


def _facts(stall: sellers.Stall) -> tuple[Fact, ...]:
    country = country_name(stall.country)
    return (
        Fact("truck", f"Sends from {country},", dispatch_text(stall.dispatch_days_max)),
        Fact("rotate-ccw", *returns_text(stall.returns_days)),
    )


def dispatch_text(days_max: int) -> str:
    """ "within 3 working days"."""
    return f"within {formats.plural(days_max, 'working day', 'working days')}"


def returns_text(days: int) -> tuple[str, str]:
    """The stall's return rule, in bold and plain."""
    if days:
        return f"{days} days to return it,", "counted from the day it arrives"
    return "No returns", "beyond what the law grants"
