"""The search page and the page of a category: one list, two frames."""

from dataclasses import replace

from marketplace.catalog import queries as catalog
from marketplace.catalog.search.params import Sort
from marketplace.core.errors import NotFound
from marketplace.core.hall import absolute
from marketplace.core.page_parts import Choice, Crumb, EmptyState, Hidden, Link, Meta
from marketplace.storefront import formats, links
from marketplace.storefront.list_query import ListQuery
from marketplace.storefront.pages import facets as panel
from marketplace.storefront.pages.cards import cards
from marketplace.storefront.pages.finding import Found, find, next_page, pager, shown
from marketplace.storefront.viewmodels import SearchPage

_SORTS = {Sort.PRICE: "Price, low to high", Sort.PRICE_DOWN: "Price, high to low", Sort.NEWEST: "Newest first"}
HOME = Crumb("Market", links.HOME)


def search_page(query: ListQuery) -> SearchPage:
    """Results for words, filters, or both."""
    top = catalog.shelves().children.get(None, [])
    found = find(query, shelves=_counted(top, query))
    heading = f"Results for “{found.query.text}”" if found.query.text else "Everything in the market"
    meta = Meta(
        title=f"“{found.query.text}”" if found.query.text else "Search the market",
        canonical=absolute(found.query.url(links.SEARCH, sort=False)),
        robots="noindex, follow",
    )
    hidden = (Hidden("q", found.query.text),) if found.query.text else ()
    return _page(found, meta, heading, links.SEARCH, shelves=top, crumbs=(HOME,), hidden=hidden)


def category_page(slug: str, query: ListQuery) -> SearchPage:
    """What stands on a shelf and under it. Raises NotFound."""
    tree = catalog.shelves()
    shelf = tree.by_slug.get(slug)
    if shelf is None:
        raise NotFound("There is no such category.")
    children = tree.children.get(shelf.pk, [])
    path = links.category(shelf.slug)
    found = find(replace(query, text=""), shelves=_counted(children, query), within=shelf.pk)
    above = (HOME, *(Crumb(upper.name, links.category(upper.slug)) for upper in tree.above(shelf)))
    plain = ListQuery(page=found.query.page)
    meta = Meta(
        title=shelf.name + (f" (page {found.query.page})" if found.query.page > 1 else ""),
        description=shelf.blurb or f"{shelf.name} from many stalls in one market.",
        canonical=absolute(plain.url(path)),
        robots="noindex, follow" if found.query.narrowed else "",
        structured_data=breadcrumbs((*above, Crumb(shelf.name, path))),
    )
    page = _page(found, meta, shelf.name, path, shelves=children, crumbs=above, hidden=())
    counted = found.counts.categories
    links_below = tuple(
        Link(child.name, links.category(child.slug), count=f"{counted[child.pk]:,}")
        for child in children
        if counted.get(child.pk) and not found.query.narrowed
    )
    return replace(page, intro=shelf.blurb, children=links_below)


def _counted(shelves: list[catalog.Shelf], query: ListQuery) -> list[int]:
    """Ids of the categories offered as filters: those of this level, and whatever was chosen."""
    tree = catalog.shelves()
    chosen = [tree.by_slug[slug].pk for slug in query.categories if slug in tree.by_slug]
    return list(dict.fromkeys([*(shelf.pk for shelf in shelves), *chosen]))


def _page(
    found: Found,
    meta: Meta,
    heading: str,
    path: str,
    *,
    shelves: list[catalog.Shelf],
    crumbs: tuple[Crumb, ...],
    hidden: tuple[Hidden, ...],
) -> SearchPage:
    groups = panel.facets(found, shelves)
    applied = panel.chips(found, path)
    total = found.counts.total
    return SearchPage(
        meta=meta,
        heading=heading,
        action=path,
        result_text=formats.things(total),
        submit_text=_submit_text(total),
        cards=cards(found.rows),
        crumbs=crumbs,
        query=found.query.text,
        notes=found.notes,
        hidden=hidden,
        sort_options=sort_options(found.query),
        facets=groups,
        price=panel.price_facet(found) if total or found.query.narrowed else None,
        filter_count=str(len(applied)) if applied else "",
        quick=panel.quick(found, groups, path),
        chips=applied,
        clear_href=replace(found.query.unfiltered(), sort=found.query.sort).url(path),
        shown=shown(found),
        load_more_href=next_page(found, path),
        pages=pager(found, path),
        empty=None if found.rows else _empty(found, path),
    )


def sort_options(query: ListQuery) -> tuple[Choice, ...]:
    """The orders of a list; without words the most relevant are the most asked for. The usual one has no place in the address."""
    first = "Most relevant" if query.text else "Most asked for"
    names = {Sort.RELEVANCE: first, **_SORTS}
    values = {sort: "" if sort is Sort.RELEVANCE else sort.value for sort in names}
    return tuple(Choice(values[sort], text, current=sort is query.sort) for sort, text in names.items())


def _submit_text(total: int) -> str:
    number = formats.things(total).split(" ")[0]
    return f"Show {number} result" + ("" if total == 1 else "s")


def _empty(found: Found, path: str) -> EmptyState:
    """Repeats what was asked and offers to drop the filter that costs most."""
    query = found.query
    asked = f"Nothing matches “{query.text}”" if query.text else "Nothing matches"
    ways: list[Link] = []
    without = found.counts.without
    if without and (best := max(without, key=lambda name: without[name])) and without[best]:
        ways.append(
            Link(f"Drop {_facet_text(best, query)} ({formats.things(without[best])})", query.without(best).url(path))
        )
    if query.narrowed:
        ways.append(Link("Clear all filters", query.unfiltered().url(path)))
        return EmptyState(
            asked + " with these filters", "Each filter narrows the list; one of them is too much.", tuple(ways)
        )
    ways.append(Link("See everything", links.SEARCH))
    text = "Try another word, or fewer of them." if query.text else "The stalls are still setting up."
    return EmptyState(
        asked if query.text else "Nothing here yet", text, tuple(ways), icon="search" if query.text else "store"
    )


def _facet_text(facet: str, query: ListQuery) -> str:
    """How the panel calls this filter."""
    names = {"category": "the category", "stall": "the stall", "in_stock": "“In stock”", "condition": "the condition"}
    if facet == "price":
        return f"“{panel.price_text(query)}”"
    return names.get(facet) or f"“{', '.join(query.values(facet))}”"


def breadcrumbs(crumbs: tuple[Crumb, ...]) -> dict[str, object]:
    """The path to a page in schema.org's terms."""
    items = [
        {"@type": "ListItem", "position": place, "name": crumb.text, "item": absolute(crumb.href)}
        for place, crumb in enumerate(crumbs, 1)
    ]
    return {"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": items}
