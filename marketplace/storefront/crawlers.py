"""What search engines ask for: robots.txt and sitemaps (sitemaps.org, protocol 0.9)."""

from collections.abc import Iterator
from datetime import datetime
from itertools import chain

from marketplace.catalog import queries as catalog
from marketplace.core.hall import absolute
from marketplace.sellers import queries as sellers
from marketplace.storefront import links

# The protocol allows 50,000 addresses in one file.
PER_FILE = 40_000
MAX_STALLS = 5_000
_CLOSED = ("/cart/", "/checkout/", "/orders/", "/account/", "/sell/", "/admin/", "/ops/", "/search/", "/deliver-to/")
_SCHEMA = "http://www.sitemaps.org/schemas/sitemap/0.9"
_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def robots() -> str:
    """Everything but the pages of one person may be read."""
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in _CLOSED), "", f"Sitemap: {absolute(links.SITEMAP)}", ""]
    return "\n".join(lines)


def sitemap(number: int | None) -> Iterator[str] | None:
    """The lines of the sitemap, or of its part ``number``; None for a part that does not exist.

    One file while the market is small. When it has grown: an index, part 0 with shelves and stalls, and the products
    in parts from 1.
    """
    parts = -(-catalog.findable_count() // PER_FILE)
    if number is None:
        return _urlset(chain(_pages(), _products(1))) if parts <= 1 else _index(parts)
    if number == 0:
        return _urlset(_pages())
    return _urlset(_products(number)) if number <= parts else None


def _index(parts: int) -> Iterator[str]:
    yield f'{_HEAD}<sitemapindex xmlns="{_SCHEMA}">\n'
    for number in range(parts + 1):
        yield f"<sitemap><loc>{absolute(f'/sitemap-{number}.xml')}</loc></sitemap>\n"
    yield "</sitemapindex>\n"


def _urlset(entries: Iterator[tuple[str, datetime | None]]) -> Iterator[str]:
    # Slugs are letters, digits and hyphens, so no address needs escaping.
    yield f'{_HEAD}<urlset xmlns="{_SCHEMA}">\n'
    for path, changed_at in entries:
        changed = f"<lastmod>{changed_at:%Y-%m-%d}</lastmod>" if changed_at else ""
        yield f"<url><loc>{absolute(path)}</loc>{changed}</url>\n"
    yield "</urlset>\n"


def _pages() -> Iterator[tuple[str, datetime | None]]:
    for path in (links.HOME, links.STALLS, links.PROTECTION, links.HELP, links.SELLING):
        yield path, None
    for slug in sorted(catalog.shelves().by_slug):
        yield links.category(slug), None
    for stall in sellers.stalls(limit=MAX_STALLS):
        yield links.stall(stall.slug), None


def _products(number: int) -> Iterator[tuple[str, datetime | None]]:
    for slug, changed_at in catalog.sitemap_slugs(offset=(number - 1) * PER_FILE, limit=PER_FILE):
        yield links.product(slug), changed_at
