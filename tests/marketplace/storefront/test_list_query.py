from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from marketplace.catalog.queries import FacetAttribute
from marketplace.catalog.search.params import MAX_PAGE, Sort
from marketplace.storefront.list_query import ListQuery, read

ATTRIBUTES = {
    "colour": FacetAttribute("colour", "Colour", "choice", "", ("Red", "Dark blue")),
    "signed": FacetAttribute("signed", "Signed", "boolean", "", ()),
    "height": FacetAttribute("height", "Height", "number", "cm", ()),
}


def asked(text: str) -> ListQuery:
    return read(QueryDict(text), ATTRIBUTES)


def test_an_address_is_read_and_written_in_one_order() -> None:
    query = asked(
        "page=3&sort=price&in_stock=1&price_max=90&price_min=10.50&height=30&signed=yes&colour=Dark+blue&colour=Red"
        "&condition=good&condition=new&stall=b&stall=a&category=vases&category=bowls&q=tall++vase&utm_source=x"
    )
    assert query.url("/search/") == (
        "/search/?q=tall+vase&category=bowls&category=vases&stall=a&stall=b&condition=new&condition=good&colour=Red"
        "&colour=Dark+blue&signed=yes&height=30&price_min=10.50&price_max=90&in_stock=1&sort=price&page=3"
    )
    assert (query.price_min_minor, query.price_max_minor) == (1050, 9000)
    assert asked(query.url("").removeprefix("?")) == query


@pytest.mark.parametrize(
    "address",
    [
        "page=abc", "page=-1", "page=0", "page=", "page=%C2%B2", "page=1e9", "sort=nonsense", "sort=", "category=",
        "category=..%2F..%2Fetc", "condition=shiny", "colour=Green", "signed=perhaps", "in_stock=maybe", "q=", "q=%00",
        "price_min=", "unknown=1", "q=" + "%20" * 300,
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_left_out(address: str) -> None:
    assert asked(address) == ListQuery()


@pytest.mark.parametrize(
    "price",
    [
        "abc",
        "-5",
        "1e9",
        "1e999999",
        "NaN",
        "Infinity",
        "12.345",
        "99999999999999999999",
        "١٢",
        "12,",
        "€12",
        "0x10",
        "1 000",
    ],
)
def test_a_bad_price_is_told_and_not_used(price: str) -> None:
    query = asked(urlencode({"price_min": price}))
    assert query.price_min_minor is None
    assert query.price_error
    assert query.price_min == price[:12]


def test_a_comma_is_a_decimal_point_and_two_ends_in_the_wrong_order_change_places() -> None:
    assert asked("price_min=12,5").price_min_minor == 1250
    query = asked("price_min=90&price_max=10")
    assert (query.price_min_minor, query.price_max_minor, query.price_min, query.price_max) == (1000, 9000, "10", "90")


def test_pages_end_where_lists_end() -> None:
    assert asked("page=99999").page == MAX_PAGE
    assert asked("page=" + "9" * 50).page == 1


def test_values_are_added_and_removed() -> None:
    query = asked("q=vase&colour=Red&page=4&sort=newest")
    added = query.toggled("colour", "Dark blue")
    assert (added.values("colour"), added.page, added.sort) == (("Red", "Dark blue"), 1, Sort.NEWEST)
    assert added.toggled("colour", "Dark blue").toggled("colour", "Red").tokens == ()
    assert query.without("colour").url("/s/") == "/s/?q=vase&sort=newest"
    assert query.narrowed
    assert not asked("q=vase&sort=newest&page=2").narrowed
    assert query.unfiltered() == ListQuery(text="vase")


def test_no_control_character_reaches_the_database() -> None:
    query = asked("q=a%00b&height=3%000&height=%00&stall=a%00&category=a%00")
    assert query == ListQuery(text="a b", tokens=(("height", ("3 0",)),))


def test_only_so_many_values_are_read() -> None:
    query = asked("&".join(f"height={n}" for n in range(500)))
    assert len(query.values("height")) == 30
