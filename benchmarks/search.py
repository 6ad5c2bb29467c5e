"""Searching 100,000 products: raw queries, as the search page asks them. The cost of a naive query stands beside."""

from collections.abc import Callable

from django.db import connection

from benchmarks.data.catalogue import COMMON, RARE, TYPO, catalogue_of
from benchmarks.entries import Entry, at_least, at_most, milliseconds, p50, p95
from marketplace.catalog.queries import cards, shelves
from marketplace.catalog.search.facets import counts
from marketplace.catalog.search.hits import hits
from marketplace.catalog.search.params import MAX_PAGE, Filters, Sort
from marketplace.catalog.search.words import correct

NAMES = (
    *(
        f"search.{name}.{figure}"
        for name in ("common", "rare", "three_facets", "browse", "typo", "deep_page")
        for figure in ("p50", "p95")
    ),
    "search.ranked_capped_vs_uncapped",
    "search.typo_dictionary_vs_scan",
)
PRODUCTS = 100_000
RUNS = 30
TARGET_MS = 500.0

# What one would write first: everything that matches is ranked, and nothing is capped.
_NAIVE = """
SELECT product_id FROM catalog_searchentry, to_tsquery('awning', %s) AS query WHERE document @@ query
ORDER BY ts_rank(document, query) DESC LIMIT 24
"""
# What one would write first against typos: every title, compared letter by letter.
_NAIVE_TYPO = "SELECT id FROM catalog_product WHERE %s <%% title ORDER BY word_similarity(%s, title) DESC LIMIT 24"


def run() -> dict[str, Entry]:
    """p50 and p95 in milliseconds of everything a search page asks: counts of all facets, the page, its cards."""
    with catalogue_of(PRODUCTS):
        searches = {
            "common": Filters(text=COMMON),
            "rare": Filters(text=RARE),
            "three_facets": Filters(
                text=COMMON, tokens=(("condition", ("new",)), ("colour", ("Blue", "Red")), ("material", ("Oak",)))
            ),
            "browse": Filters(),
        }
        results: dict[str, Entry] = {}
        for name, filters in searches.items():
            results |= _timed(f"search.{name}", _page(filters))
        results |= _timed("search.typo", _corrected(TYPO))
        results |= _timed("search.deep_page", _page(Filters(text=COMMON), page=MAX_PAGE, sort=Sort.PRICE))
        return results | _ratios()


def _page(filters: Filters, *, page: int = 1, sort: Sort = Sort.RELEVANCE) -> Callable[[], object]:
    top = [shelf.pk for shelf in shelves().children[None]]

    def ask() -> object:
        found = counts(filters, shelves=top)
        rows = cards(hits(filters, sort=sort, page=page, matches=found.total))
        assert rows
        return rows

    return ask


def _corrected(typed: str) -> Callable[[], object]:
    """The whole way of a typo: nothing found, the word looked up, searched again."""
    top = [shelf.pk for shelf in shelves().children[None]]

    def ask() -> object:
        assert counts(Filters(text=typed), shelves=top).total == 0
        correction = correct(typed)
        assert correction is not None
        return _page(Filters(text=correction.text))()

    return ask


def _timed(name: str, ask: Callable[[], object]) -> dict[str, Entry]:
    times = milliseconds(ask, runs=RUNS)
    reference = f"{PRODUCTS:,} products"
    return {
        f"{name}.p50": at_most(p50(times), TARGET_MS, "ms", reference),
        f"{name}.p95": at_most(p95(times), TARGET_MS, "ms", reference),
    }


def _ratios() -> dict[str, Entry]:
    """Ours beside the naive statement, one after the other on the same machine: how many times faster."""
    capped = p50(
        milliseconds(lambda: hits(Filters(text=COMMON), sort=Sort.RELEVANCE, page=1, matches=10_000), runs=RUNS)
    )
    naive = p50(milliseconds(lambda: _ask(_NAIVE, [f"{COMMON}:*"]), runs=RUNS))
    dictionary = p50(milliseconds(lambda: correct(TYPO), runs=RUNS))
    letters = p50(milliseconds(lambda: _ask(_NAIVE_TYPO, [TYPO, TYPO]), runs=10))
    return {
        "search.ranked_capped_vs_uncapped": at_least(naive / capped, 2, "times faster", f"{naive:.1f} ms uncapped"),
        "search.typo_dictionary_vs_scan": at_least(letters / dictionary, 5, "times faster", f"{letters:.1f} ms scan"),
    }


def _ask(sql: str, params: list[str]) -> object:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return cursor.fetchall()
