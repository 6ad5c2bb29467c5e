from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest
from django.test import Client

from marketplace.carts.arrival import after_working_days
from marketplace.catalog.models import Offer, Product
from marketplace.catalog.queries import VariantRow, forget, product
from marketplace.catalog.queries import offers as offers_of
from marketplace.catalog.services import reindex
from marketplace.inventory.queries import free_units
from marketplace.sellers.models import Seller
from marketplace.sellers.queries import shipping_of
from marketplace.storefront.pages.offering import Offering, Wish, offering
from marketplace.storefront.pages.product import product_page
from marketplace.storefront.pages.variants import variant_groups
from marketplace.storefront.viewmodels import ProductPage
from tests.conftest import NOW
from tests.factories import (
    a_category,
    a_product,
    a_shipping_option,
    a_variant,
    an_attribute,
    an_image,
    an_offer,
)
from tests.marketplace.storefront.reading import html, structured, text


def page(slug: str = "vase", **wish: object) -> ProductPage:
    return product_page(slug, Wish(**wish), now=NOW)  # type: ignore[arg-type]


def offered(made: Product, **wish: object) -> Offering:
    lines = offers_of(made.pk)
    return offering(
        product(made.slug),
        lines,
        Wish(**wish),  # type: ignore[arg-type]
        free=free_units(offer_ids=[line.pk for line in lines]),
        shipping=shipping_of({line.seller_id for line in lines}),
    )


@pytest.fixture
def vase(kiln: Seller) -> Product:
    """A vase without offers."""
    return a_product(owner=kiln, title="Vase", category=a_category(name="Vases"))


def test_the_cheapest_with_shipping_stands_in_the_buy_box(vase: Product, kiln: Seller, groove: Seller) -> None:
    variant = a_variant(vase)
    groove.shipping_options.update(price_minor=100, free_from_minor=None)
    dear = an_offer(seller=kiln, variant=variant, price_minor=2000)
    cheap = an_offer(seller=groove, variant=variant, price_minor=2200)
    found = offered(vase)
    assert [priced.offer.pk for priced in found.offers] == [cheap.pk, dear.pk]
    assert [priced.total_minor for priced in found.offers] == [2300, 2490]
    shown = page()
    assert shown.price == "€22"
    assert shown.stall is not None
    assert shown.stall.name == "Second Groove"
    assert [(row.stall.name, row.price, row.total) for row in shown.offers] == [("Kiln Street", "€20", "€24.90")]
    assert shown.offers_heading == "Also for sale at 1 other stall"


def test_what_cannot_be_bought_comes_last(vase: Product, kiln: Seller, groove: Seller) -> None:
    variant = a_variant(vase)
    groove.shipping_options.update(countries=["AT"])
    sold_out = an_offer(seller=kiln, variant=variant, price_minor=100, stock=0)
    not_here = an_offer(seller=groove, variant=variant, price_minor=200)
    good = an_offer(seller=kiln, variant=variant, price_minor=9000, condition="good")
    found = offered(vase, country="DE")
    assert [priced.offer.pk for priced in found.offers] == [good.pk, not_here.pk, sold_out.pk]
    rows = page(country="DE").offers
    assert [(row.total, row.add is None) for row in rows] == [("", True), ("€5.90", True)]


def test_stock_is_numbered_only_when_little_is_left(vase: Product, kiln: Seller) -> None:
    offer = an_offer(seller=kiln, product=vase, stock=6)
    for free, expected in (
        (6, ("In stock", "good")),
        (5, ("Only 5 left", "warn")),
        (1, ("Only 1 left", "warn")),
        (0, ("Sold out", "danger")),
    ):
        offer.stock.__class__.objects.update(on_hand=10, reserved=10 - free)
        shown = page()
        assert (shown.stock_text, shown.stock_tone) == expected
        assert len(shown.quantities) == free
        assert (shown.add is None) == (free == 0)
        assert shown.sold_out_text == ("" if free else "Sold out.")


def test_adding_names_the_offer_that_is_shown(vase: Product, kiln: Seller, client: Client) -> None:
    offer = an_offer(seller=kiln, product=vase)
    shown = page()
    assert shown.add is not None
    assert (shown.add.action, [(h.name, h.value) for h in shown.add.hidden]) == (
        "/cart/add/",
        [("offer", str(offer.pk))],
    )
    client.post(shown.add.action, {"offer": shown.add.hidden[0].value, "quantity": "2"})
    assert "Vase" in text(client.get("/cart/"))


@pytest.fixture
def shirt(kiln: Seller) -> Product:
    """Size and colour: M blue (20), M red (25, two left), L blue (sold out); no L red."""
    made = a_product(owner=kiln, title="Shirt", category=a_category(name="Shirts"))
    for size, colour, price, stock in (("M", "Blue", 2000, 9), ("M", "Red", 2500, 2), ("L", "Blue", 1800, 0)):
        variant = a_variant(made, size=size, colour=colour)
        an_offer(seller=kiln, variant=variant, price_minor=price, stock=stock, sku=f"{size}-{colour}")
        an_image(made, variant=variant, key=f"{size}-{colour}")
    reindex([made.pk])
    return made


def variant_id(made: Product, title: str) -> int:
    return made.variants.get(title=title).pk


def test_variants_are_links_with_their_own_price_and_stock(shirt: Product) -> None:
    blue, red, large = (variant_id(shirt, title) for title in ("M / Blue", "M / Red", "L / Blue"))
    shown = page("shirt")
    assert [(g.legend, [(c.text, c.note, c.current, c.sold_out) for c in g.choices]) for g in shown.variants] == [
        ("Size", [("M", "€20", True, False), ("L", "Sold out", False, True)]),
        ("Colour", [("Blue", "€20", True, False), ("Red", "€25, 2 left", False, False)]),
    ]
    assert [c.href for g in shown.variants for c in g.choices] == [
        f"/p/shirt/?variant={blue}",
        f"/p/shirt/?variant={large}",
        f"/p/shirt/?variant={blue}",
        f"/p/shirt/?variant={red}",
    ]


def test_choosing_a_variant_changes_price_photo_and_stock(shirt: Product) -> None:
    shown = page("shirt", variant_id=variant_id(shirt, "M / Red"))
    assert (shown.price, shown.stock_text) == ("€25", "Only 2 left")
    assert shown.pictures[0].src.endswith("/M-Red-1200.webp")
    assert len(shown.pictures) == 3
    gone = page("shirt", variant_id=variant_id(shirt, "L / Blue"))
    assert (gone.price, gone.add, gone.sold_out_text) == ("€18", None, "Sold out.")
    # There is no large red one: red opens the medium, which shares nothing but is red.
    red = gone.variants[1].choices[1]
    assert (red.text, red.href) == ("Red", f"/p/shirt/?variant={variant_id(shirt, 'M / Red')}")


@pytest.mark.parametrize("wrong", [0, 987_654_321])
def test_an_unknown_variant_shows_the_usual_one(shirt: Product, wrong: int) -> None:
    assert page("shirt", variant_id=wrong).price == "€20"


class Walked(tuple[VariantRow, ...]):
    """Variants that count how often somebody walks through all of them."""

    walks = 0

    def __iter__(self) -> Iterator[VariantRow]:
        Walked.walks += 1
        return super().__iter__()


def test_a_stall_with_thousands_of_variants_does_not_make_its_page_slow(vase: Product, kiln: Seller) -> None:
    """The work grows with the number of variants, not with its square."""
    walks = []
    for sizes in (range(1, 6), range(6, 40)):
        for size in sizes:
            an_offer(seller=kiln, variant=a_variant(vase, size=f"{size} cm"))
        row = product(vase.slug)
        Walked.walks = 0
        variant_groups(replace(row, variants=Walked(row.variants)), offered(vase))
        walks.append(Walked.walks)
    assert walks[0] == walks[1]


def test_conditions_are_a_choice_where_there_are_several(vase: Product, kiln: Seller, groove: Seller) -> None:
    variant = a_variant(vase)
    an_offer(seller=kiln, variant=variant, price_minor=2000)
    an_offer(seller=groove, variant=variant, price_minor=1000, condition="fair", note="A chip at the foot", stock=3)
    shown = page(condition="new")
    assert shown.price == "€20"
    assert [(g.legend, [(c.text, c.note, c.current) for c in g.choices]) for g in shown.variants] == [
        ("Condition", [("New", "€20", True), ("Fair", "€10, 3 left", False)])
    ]
    assert shown.offers[0].condition == "Fair, A chip at the foot"
    assert page().price == "€10"


def test_delivery_says_cost_country_and_days(vase: Product, kiln: Seller) -> None:
    an_offer(seller=kiln, product=vase, price_minor=2000)
    delivery = page(country="AT").facts[0]
    # From a Sunday: one to three working days to send it, two to four on the road.
    first, last = (after_working_days(NOW.date(), days) for days in (3, 7))
    assert (first, last) == (date(2026, 11, 26), date(2026, 12, 2))
    assert (delivery.strong, delivery.text) == (
        "€4.90 to Austria,",
        "arrives Thu 26 Nov to Wed 2 Dec. Sent within 3 working days.",
    )
    assert delivery.link is not None
    assert delivery.link.href == "/deliver-to/?next=/p/vase/"


def test_delivery_is_free_from_a_sum_and_cheapest_wins(vase: Product, kiln: Seller) -> None:
    an_offer(seller=kiln, product=vase, price_minor=10_000)
    assert page().facts[0].strong == "Free delivery to Germany,"
    Offer.objects.update(price_minor=9_999)
    a_shipping_option(kiln, name="Letter", price_minor=200)
    assert page().facts[0].strong == "€2 to Germany,"


def test_a_stall_that_does_not_send_there_says_so(vase: Product, kiln: Seller) -> None:
    kiln.shipping_options.update(countries=["DE"])
    an_offer(seller=kiln, product=vase)
    shown = page(country="JP")
    assert (shown.add, shown.sold_out_text) == (None, "Kiln Street does not send to Japan.")
    assert shown.facts[0].strong == "Not sent to Japan."


@pytest.mark.parametrize(("days", "says"), [(14, "14 days to return it,"), (0, "No returns")])
def test_the_return_rule_is_the_stalls(vase: Product, kiln: Seller, days: int, says: str) -> None:
    Seller.objects.update(returns_days=days)
    an_offer(seller=kiln, product=vase)
    assert page().facts[1].strong == says


def test_attributes_are_listed_in_the_order_of_their_type(vase: Product, kiln: Seller) -> None:
    an_attribute(label="Signed", kind="boolean", position=3)
    an_attribute(label="Height", kind="number", unit="cm", position=1)
    an_attribute(label="Glaze", kind="text", position=2, filterable=False)
    values = {"signed": False, "height": "30", "glaze": "Celadon", "unknown": "x"}
    Product.objects.update(attributes=values, extras={"Tags": "a, b"})
    forget()
    assert [(spec.label, spec.value) for spec in page().specs] == [
        ("Height", "30 cm"),
        ("Glaze", "Celadon"),
        ("Signed", "No"),
        ("Tags", "a, b"),
    ]


def test_search_engines_read_what_people_read(vase: Product, kiln: Seller, client: Client) -> None:
    variant = a_variant(vase)
    variant.gtin = "4006381333931"
    variant.save()
    an_image(vase, key="pictures/vase")
    an_offer(seller=kiln, variant=variant, price_minor=2450, sku="KS-1", stock=0, condition="good")
    Product.objects.update(title="Vase </script><b>", brand="Kiln & Co")
    response = client.get("/p/vase/")
    thing, crumbs = structured(response)["@graph"]
    assert (thing["name"], thing["gtin"], thing["brand"]["name"]) == ("Vase </script><b>", "4006381333931", "Kiln & Co")
    assert thing["image"][0].endswith("/media/pictures/vase-1200.webp")
    assert thing["image"][0].startswith("http")
    offer = thing["offers"][0]
    assert (offer["price"], offer["priceCurrency"], offer["sku"]) == ("24.50", "EUR", "KS-1")
    assert offer["availability"].endswith("/OutOfStock")
    assert offer["itemCondition"].endswith("/UsedCondition")
    assert [item["name"] for item in crumbs["itemListElement"]] == ["Market", "Vases"]


def test_a_description_is_shown_as_written_and_a_title_as_text(vase: Product, kiln: Seller, client: Client) -> None:
    an_offer(seller=kiln, product=vase)
    Product.objects.update(title="<i>Vase</i>", description="<p>Fired <b>twice</b></p>")
    content = client.get("/p/vase/").content.decode()
    assert "<p>Fired <b>twice</b></p>" in content
    assert "<i>Vase" not in content
    assert 'property="og:description" content="Fired twice"' in content


def test_similar_things_are_of_the_same_shelf_and_can_be_bought(shirt: Product, kiln: Seller, client: Client) -> None:
    shelf = shirt.category
    for title, stock in (("Jacket", 1), ("Coat", 0)):
        made = a_product(owner=kiln, title=title, category=shelf)
        an_offer(seller=kiln, product=made, stock=stock)
        reindex([made.pk])
    shown = page("shirt")
    assert ([card.title for card in shown.similar], shown.similar_heading) == (["Jacket"], "More in Shirts")
    assert 'aria-current="true"' in html(client.get("/p/shirt/"))
