"""Addresses of the storefront's pages. A page holds a hundred links and `reverse` costs 15 µs: these are concatenated.

The paths stand here once; `urls.py` routes the same ones.
"""

from urllib.parse import quote

HOME = "/"
SEARCH = "/search/"
CATEGORY = "/c/"
PRODUCT = "/p/"
STALL = "/stall/"
STALLS = "/stalls/"
CART = "/cart/"
CART_ADD = "/cart/add/"
DELIVER_TO = "/deliver-to/"
PROTECTION = "/buyer-protection/"
HELP = "/help/"
SELLING = "/selling/"
SITEMAP = "/sitemap.xml"
ROBOTS = "/robots.txt"


def category(slug: str) -> str:
    return f"{CATEGORY}{slug}/"


def product(slug: str) -> str:
    return f"{PRODUCT}{slug}/"


def stall(slug: str) -> str:
    return f"{STALL}{slug}/"


def deliver_to(back: str) -> str:
    """The page that asks for the country, and comes back to this path."""
    return f"{DELIVER_TO}?next={quote(back, safe='/')}"
