"""The front page and the list of stalls."""

from collections.abc import Sequence

from marketplace.catalog import queries as catalog
from marketplace.catalog.search.params import Sort
from marketplace.core.hall import absolute
from marketplace.core.page_parts import Link, Meta, Note, Picture
from marketplace.insights import queries as insights
from marketplace.sellers import queries as sellers
from marketplace.storefront import formats, links
from marketplace.storefront.pages.cards import cards
from marketplace.storefront.viewmodels import CategoryTile, HomeModule, HomePage, StallsPage, StallTag, StallTile

ROW = 5
SHOWN_STALLS = 8
STALLS_PER_PAGE = 48
_TEXT = "Things made, found and kept by people who stand behind them. One cart for every stall."


def home_page() -> HomePage:
    """Aisles, stalls, what is new and what is most wanted: six queries, two of them once a minute."""
    return HomePage(
        meta=Meta(
            title="A covered market with honest prices",
            description=_TEXT,
            canonical=absolute(links.HOME),
            structured_data={
                "@context": "https://schema.org",
                "@type": "WebSite",
                "name": "Awning",
                "url": absolute(links.HOME),
                "potentialAction": {
                    "@type": "SearchAction",
                    "target": f"{absolute(links.SEARCH)}?q={{search_term_string}}",
                    "query-input": "required name=search_term_string",
                },
            },
        ),
        heading="One market, many stalls",
        text=_TEXT,
        tiles=_tiles(),
        modules=_modules(),
        stalls_heading="Stalls on this street",
        stalls=_stall_tiles(sellers.stalls(limit=SHOWN_STALLS)),
        protection=Note(
            "You pay once, at the market, and nothing is charged for a thing that has just sold out.",
            "good",
            Link("How buyers are protected", links.PROTECTION),
        ),
    )


def stalls_page(page: int) -> StallsPage:
    """Every stall that trades, by name."""
    found = sellers.stalls(limit=STALLS_PER_PAGE + 1, offset=(page - 1) * STALLS_PER_PAGE)
    more = len(found) > STALLS_PER_PAGE
    suffix = f" (page {page})" if page > 1 else ""
    return StallsPage(
        meta=Meta(
            title=f"All stalls{suffix}",
            description="Everybody who sells in the market.",
            canonical=absolute(links.STALLS) + (f"?page={page}" if page > 1 else ""),
        ),
        heading="All stalls",
        stalls=_stall_tiles(found[:STALLS_PER_PAGE]),
        previous_href=_stalls_href(page - 1) if page > 1 else "",
        next_href=_stalls_href(page + 1) if more else "",
    )


def _stalls_href(page: int) -> str:
    return f"{links.STALLS}?page={page}" if page > 1 else links.STALLS


def _tiles() -> tuple[CategoryTile, ...]:
    counted = catalog.shelf_tiles()
    tiles = []
    for place, shelf in enumerate(catalog.shelves().children.get(None, [])):
        tile = counted.get(shelf.pk)
        if tile is None or not tile.things:
            continue
        tiles.append(
            CategoryTile(
                text=shelf.name,
                href=links.category(shelf.slug),
                count=formats.things(tile.things),
                picture=formats.picture(tile.image_key, tile.image_width, tile.image_height),
                hue=place % 8 + 1,
            )
        )
    return tuple(tiles)


def _modules() -> tuple[HomeModule, ...]:
    rows = (
        ("Just in", cards(catalog.newest(limit=ROW)), f"{links.SEARCH}?sort={Sort.NEWEST.value}"),
        ("Most wanted", cards(catalog.cards(insights.most_wanted(limit=ROW))), links.SEARCH),
    )
    return tuple(HomeModule(heading, found, Link("See all", href)) for heading, found, href in rows if found)


def _stall_tiles(found: Sequence[sellers.StallLine]) -> tuple[StallTile, ...]:
    pictures = catalog.stall_pictures([stall.pk for stall in found])
    return tuple(
        StallTile(
            stall=StallTag(stall.name, links.stall(stall.slug), stall.hue, place=stall.place),
            about=stall.blurb,
            pictures=tuple(_pictures(pictures.get(stall.pk, []))),
        )
        for stall in found
    )


def _pictures(stored: list[tuple[str, int, int]]) -> list[Picture]:
    return [picture for entry in stored if (picture := formats.picture(*entry))]
