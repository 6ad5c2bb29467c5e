"""The demo hall as data: enough of it, whole, believable, and the same every time."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from functools import lru_cache

import pytest

from marketplace.imports.demo.catalogue import (
    CONDITIONS,
    Attribute,
    Basket,
    Catalogue,
    catalogue,
    country_group,
    orders,
)

TODAY = date(2026, 11, 22)


@lru_cache(maxsize=1)
def hall() -> Catalogue:
    return catalogue(today=TODAY)


@lru_cache(maxsize=1)
def year() -> tuple[Basket, ...]:
    return tuple(orders(hall(), year_end=TODAY))


def test_the_same_day_and_seed_give_an_equal_hall_and_another_seed_another() -> None:
    assert catalogue(today=TODAY) == hall()
    assert catalogue(today=TODAY, seed=8).offers != hall().offers
    assert tuple(orders(hall(), year_end=TODAY)) == year()


def test_there_is_enough_of_everything() -> None:
    assert len(hall().stalls) >= 16
    assert 6 <= sum(shelf.parent is None for shelf in hall().categories) <= 8
    assert sum(shelf.parent is not None for shelf in hall().categories) >= 28
    assert len(hall().products) >= 640
    assert len(hall().buyers) >= 160
    assert len(year()) >= 3000
    sellers = Counter(product for product, _stall in {(offer.product, offer.stall) for offer in hall().offers})
    shared = [count for count in sellers.values() if count >= 2]
    assert len(shared) >= 120
    assert max(shared) <= 5


@pytest.mark.parametrize(
    "names",
    [
        lambda: [product.slug for product in hall().products],
        lambda: [product.title for product in hall().products],
        lambda: [variant.sku for product in hall().products for variant in product.variants],
        lambda: [offer.sku for offer in hall().offers],
        lambda: [stall.slug for stall in hall().stalls],
        lambda: [shelf.slug for shelf in hall().categories],
        lambda: [buyer.email for buyer in hall().buyers],
    ],
    ids=["slugs", "titles", "variants", "offers", "stalls", "shelves", "buyers"],
)
def test_names_are_unique(names) -> None:
    found = names()
    assert [name for name, count in Counter(found).items() if count > 1] == []
    assert all(found)


def test_every_reference_leads_somewhere() -> None:
    leaves = {shelf.slug for shelf in hall().categories if shelf.parent}
    tops = [shelf.slug for shelf in hall().categories if shelf.parent is None]
    types = {kind.code for kind in hall().types}
    variants = {variant.sku: product.slug for product in hall().products for variant in product.variants}
    assert {shelf.parent for shelf in hall().categories} - {None} == set(tops)
    assert {product.category for product in hall().products} == leaves
    assert {product.type for product in hall().products} == types
    assert {offer.stall for offer in hall().offers} == {stall.slug for stall in hall().stalls}
    assert all(variants[offer.variant] == offer.product for offer in hall().offers)
    assert {offer.variant for offer in hall().offers} == set(variants)
    assert all(set(stall.sells) <= set(tops) for stall in hall().stalls)


def fits(attribute: Attribute, value: object) -> bool:
    if attribute.kind == "choice":
        return value in attribute.choices
    if attribute.kind == "number":
        return type(value) is int and value > 0
    if attribute.kind == "bool":
        return type(value) is bool
    return isinstance(value, str) and value != ""


def test_attributes_have_the_type_their_product_type_says() -> None:
    types = {kind.code: {attribute.code: attribute for attribute in kind.attributes} for kind in hall().types}
    wrong = [
        (product.slug, code, value)
        for product in hall().products
        for code, value in product.attributes
        if code not in types[product.type] or not fits(types[product.type][code], value)
    ]
    assert wrong == []
    assert all(len(dict(product.attributes)) == len(product.attributes) for product in hall().products)


def test_variants_differ_in_the_axes_of_their_type() -> None:
    axes = {kind.code: set(kind.axes) for kind in hall().types}
    for product in hall().products:
        options = [variant.options for variant in product.variants]
        assert len(set(options)) == len(options), product.slug
        assert {axis for option in options for axis, _value in option} <= axes[product.type], product.slug


def test_prices_stock_and_conditions_are_believable() -> None:
    prices = sorted(offer.price_cents for offer in hall().offers)
    assert prices[0] >= 200
    assert 1500 <= prices[len(prices) // 2] <= 6000
    assert prices[-1] <= 60000
    assert {offer.condition for offer in hall().offers} == set(CONDITIONS)
    sold_out = sum(offer.stock == 0 for offer in hall().offers)
    assert 0.02 <= sold_out / len(hall().offers) <= 0.12
    assert sum(offer.stock == 1 for offer in hall().offers) >= 50
    assert all(offer.stock >= 0 for offer in hall().offers)


def test_texts_are_sentences_in_known_tags() -> None:
    for product in hall().products:
        text = product.description_html
        assert text.startswith("<p>"), product.slug
        assert text.endswith("</ul>"), product.slug
        assert text.count("<li>") >= 2
        assert 2 <= text.split("</p>")[0].count(". ") + 1 <= 5, text
        assert len(product.title) <= 90
        assert "  " not in text
        assert "None" not in text


def test_titles_are_not_numbered_fillers() -> None:
    assert not [product.title for product in hall().products if product.title.rstrip()[-1].isdigit()]


def test_nothing_exists_before_what_it_hangs_on() -> None:
    born = {product.slug: product.created_on for product in hall().products}
    assert all(offer.created_on >= born[offer.product] for offer in hall().offers)
    assert max(offer.created_on for offer in hall().offers) < TODAY
    opened = {offer.sku: offer.created_on for offer in hall().offers}
    for basket in year():
        day = basket.placed_at.date()
        assert all(opened[line.offer_sku] < day for parcel in basket.parcels for line in parcel.lines)


def test_baskets_are_whole_sorted_and_cover_the_year() -> None:
    stall_of = {offer.sku: offer.stall for offer in hall().offers}
    stalls = {stall.slug: stall for stall in hall().stalls}
    times = [basket.placed_at for basket in year()]
    assert times == sorted(times)
    assert times[0].date() <= TODAY - timedelta(days=360)
    assert times[-1].date() == TODAY - timedelta(days=1)
    assert times[0].utcoffset() == timedelta(0)
    for basket in year():
        buyer = hall().buyers[basket.buyer]
        assert basket.parcels
        assert basket.total_cents > 0
        assert len({parcel.stall for parcel in basket.parcels}) == len(basket.parcels)
        for parcel in basket.parcels:
            stall = stalls[parcel.stall]
            option = next(option for option in stall.shipping if option.code == parcel.shipping_code)
            rate = option.rate(country_group(stall.country, buyer.country))
            assert rate is not None
            assert parcel.shipping_cents in {0, rate.price_cents}
            assert parcel.lines
            assert all(stall_of[line.offer_sku] == parcel.stall for line in parcel.lines)
            assert all(1 <= line.quantity <= 4 for line in parcel.lines)


def test_popular_things_and_the_weeks_before_christmas_sell_more() -> None:
    weight = {offer.sku: offer.product for offer in hall().offers}
    popularity = {product.slug: product.popularity for product in hall().products}
    sold: dict[bool, list[int]] = defaultdict(list)
    counts = Counter(weight[line.offer_sku] for basket in year() for parcel in basket.parcels for line in parcel.lines)
    for slug, popular in popularity.items():
        sold[popular > 1.5].append(counts[slug])
    assert sum(sold[True]) / len(sold[True]) > 2 * sum(sold[False]) / len(sold[False])
    months = Counter(basket.placed_at.month for basket in year())
    assert months[12] > 1.5 * months[8]
    days = Counter(basket.placed_at.weekday() for basket in year())
    assert days[6] > days[2]


def test_some_baskets_come_from_several_stalls_and_some_buyers_come_again() -> None:
    assert sum(len(basket.parcels) > 1 for basket in year()) > 500
    assert sum(count > 10 for count in Counter(basket.buyer for basket in year()).values()) > 80


def test_no_mail_can_reach_a_buyer() -> None:
    assert {buyer.email.split("@")[1] for buyer in hall().buyers} <= {"example.org", "example.com", "example.net"}
    assert all(buyer.email.isascii() for buyer in hall().buyers)


def test_the_blue_vase_is_blue() -> None:
    shades = {"Blue": 2, "Red": 0, "Green": 1}
    seen = 0
    for product in hall().products:
        colour = dict(product.attributes).get("colour")
        if product.type != "ceramic" or colour not in shades or "dip" in product.title or "brush" in product.title:
            continue
        code = product.art.palette[0]
        parts = [int(code[place : place + 2], 16) for place in (1, 3, 5)]
        seen += 1
        assert parts.index(max(parts)) == shades[str(colour)], product.title
    assert seen >= 10
