import pytest
from django.urls import reverse

from marketplace.storefront import links


@pytest.mark.parametrize(
    ("link", "name", "args"),
    [
        (links.HOME, "home", []),
        (links.SEARCH, "search", []),
        (links.CART, "cart", []),
        (links.CART_ADD, "cart_add", []),
        (links.STALLS, "stalls", []),
        (links.DELIVER_TO, "deliver_to", []),
        (links.PROTECTION, "buyer_protection", []),
        (links.HELP, "help", []),
        (links.SELLING, "selling", []),
        (links.SITEMAP, "sitemap", []),
        (links.ROBOTS, "robots", []),
        (links.category("bud-vases"), "category", ["bud-vases"]),
        (links.product("tall-vase"), "product", ["tall-vase"]),
        (links.stall("kiln-street"), "stall", ["kiln-street"]),
    ],
)
def test_links_are_the_addresses_that_are_routed(link: str, name: str, args: list[str]) -> None:
    assert link == reverse(name, args=args)


def test_the_way_back_is_quoted() -> None:
    assert links.deliver_to("/p/vase/?variant=3&x=a b") == "/deliver-to/?next=/p/vase/%3Fvariant%3D3%26x%3Da%20b"
