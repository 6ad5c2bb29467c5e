"""What stands around every page: navigation from a small cache, the cart's count, who is signed in."""

from dataclasses import replace
from functools import lru_cache

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse

from marketplace.carts import queries as carts
from marketplace.catalog import queries as catalog
from marketplace.catalog.search.text import tidy
from marketplace.core.page_parts import Choice, Link, Note, Shell, Slots, Tone
from marketplace.storefront import cart_count, links
from marketplace.storefront.guest_cart import guest_cart_id

# As many as fit a desk's width; the rest are on the front page.
SHOWN_CATEGORIES = 8
_TONES: dict[int, Tone] = {messages.SUCCESS: "good", messages.WARNING: "warn", messages.ERROR: "danger"}
_FOOTER = (
    Link("Buyer protection", links.PROTECTION),
    Link("Help", links.HELP),
    Link("Sell here", links.SELLING),
    Link("All stalls", links.STALLS),
)


def shell(request: HttpRequest) -> dict[str, Shell]:
    """The context processor of our pages: three queries for who is signed in, one for a guest with a cart, else none.

    A request for a page that is kept for everybody (whole_pages.py) has slots where others have a visitor.
    """
    slots: Slots | None = getattr(request, "slots", None)
    base = _nobodys("", slots) if slots is not None else personal_shell(request)
    open_shelf = _open_shelf(request)
    top = catalog.shelves().children.get(None, [])
    return {
        "shell": replace(
            base,
            categories=tuple(
                Link(shelf.name, links.category(shelf.slug), current=shelf.slug == open_shelf)
                for shelf in top[:SHOWN_CATEGORIES]
            ),
            more_categories=Link("All stalls", links.STALLS),
            scopes=tuple(Choice(shelf.slug, shelf.name, current=shelf.slug == open_shelf) for shelf in top),
            search_text=tidy(request.GET.get("q", "")),
            footer_links=_FOOTER,
        )
    }


def personal_shell(request: HttpRequest) -> Shell:
    """What is personal in a page: who is signed in, the number on the cart, messages. Navigation is not in it."""
    person = request.user if request.user.is_authenticated else None
    cart_id = None if person is not None else guest_cart_id(request)
    units = carts.count(cart_id=cart_id, user_id=person.pk if person is not None else None)
    cart_count.note(request, units)
    return replace(
        _nobodys(cart_count.shown(units)),
        user_name=person.short_name() if person else "",
        account_href=_named("account_home") if person else "",
        sign_out_href=_named("account_logout") if person else "",
        ops_href=_named("ops") if person and person.is_staff else "",
        messages=tuple(
            Note(str(message), _TONES.get(message.level, "info")) for message in messages.get_messages(request)
        ),
    )


def guest_shell(units: int) -> Shell:
    """What a guest with so many units in the cart sees, without navigation."""
    return _nobodys(cart_count.shown(units))


def _nobodys(shown_count: str, slots: Slots | None = None) -> Shell:
    return Shell(
        home_href=links.HOME,
        search_href=links.SEARCH,
        cart_href=links.CART,
        sign_in_href=_named("account_login"),
        cart_count=shown_count,
        orders_href=_named("orders"),
        sell=Link("Sell", _named("dashboard:home")),
        slots=slots,
    )


def _open_shelf(request: HttpRequest) -> str:
    """The slug of the top category that the page belongs to, or that the search was asked for."""
    match = request.resolver_match
    slug = match.kwargs.get("category", "") if match else ""
    asked = request.GET.getlist("category")
    tree = catalog.shelves()
    shelf = tree.by_slug.get(slug or (asked[0] if len(asked) == 1 else ""))
    return tree.root_of(shelf).slug if shelf else ""


@lru_cache(maxsize=16)
def _named(name: str) -> str:
    return reverse(name)
