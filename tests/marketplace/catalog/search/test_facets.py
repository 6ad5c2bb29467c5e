import pytest
from pytest_django import DjangoAssertNumQueries

from marketplace.catalog.models import Category
from marketplace.catalog.search import facets
from marketplace.catalog.search.facets import Counts, counts
from marketplace.catalog.search.params import Filters
from marketplace.sellers.models import Seller
from tests.factories import a_category, an_attribute
from tests.marketplace.catalog.search.stock import on_the_shelf


@pytest.fixture
def shelves(kiln: Seller, groove: Seller) -> dict[str, Category]:
    """Four things: red new vase 10, blue good vase 20, blue new bowl 30 (Groove), red new bowl 40 (sold out)."""
    an_attribute(label="Colour", choices=["Red", "Blue"])
    vases, bowls = a_category(name="Vases"), a_category(name="Bowls")
    on_the_shelf(kiln, "Red vase", category=vases, attributes={"colour": "Red"}, price_minor=1000)
    on_the_shelf(kiln, "Blue vase", category=vases, attributes={"colour": "Blue"}, price_minor=2000, condition="good")
    on_the_shelf(groove, "Blue bowl", category=bowls, attributes={"colour": "Blue"}, price_minor=3000)
    on_the_shelf(kiln, "Red bowl", category=bowls, attributes={"colour": "Red"}, price_minor=4000, stock=0)
    return {"vases": vases, "bowls": bowls}


def counted(filters: Filters, shelves: dict[str, Category]) -> Counts:
    return counts(filters, shelves=[shelf.pk for shelf in shelves.values()])


def test_without_filters_everything_counts_everywhere(
    shelves: dict[str, Category], kiln: Seller, groove: Seller
) -> None:
    found = counted(Filters(), shelves)
    assert (found.total, found.in_stock) == (4, 3)
    assert found.tokens == {"colour": {"Red": 2, "Blue": 2}, "condition": {"new": 3, "good": 1}}
    assert found.categories == {shelves["vases"].pk: 2, shelves["bowls"].pk: 2}
    assert found.stalls == {kiln.pk: 3, groove.pk: 1}


def test_a_facet_is_counted_without_its_own_choice_and_others_with_it(
    shelves: dict[str, Category], kiln: Seller, groove: Seller
) -> None:
    found = counted(Filters(tokens=(("colour", ("Red",)),)), shelves)
    assert found.total == 2
    assert found.tokens["colour"] == {"Red": 2, "Blue": 2}
    assert found.tokens["condition"] == {"new": 2, "good": 0}
    assert found.stalls == {kiln.pk: 2, groove.pk: 0}
    assert found.in_stock == 1


def test_two_facets_each_see_the_other(shelves: dict[str, Category]) -> None:
    found = counted(Filters(tokens=(("colour", ("Blue",)), ("condition", ("new",)))), shelves)
    assert found.total == 1
    assert found.tokens["colour"] == {"Red": 2, "Blue": 1}
    assert found.tokens["condition"] == {"new": 1, "good": 1}
    assert found.without == {"colour": 3, "condition": 2}


def test_categories_stalls_and_stock_are_facets_too(shelves: dict[str, Category], kiln: Seller, groove: Seller) -> None:
    vases, bowls = shelves["vases"].pk, shelves["bowls"].pk
    found = counted(Filters(categories=(vases,), stalls=(kiln.pk,), in_stock=True), shelves)
    assert found.total == 2
    assert found.categories == {vases: 2, bowls: 0}
    assert found.stalls == {kiln.pk: 2, groove.pk: 0}
    assert found.in_stock == 2
    assert counted(Filters(categories=(bowls,), in_stock=True), shelves).in_stock == 1


def test_the_histogram_ignores_the_chosen_price_and_minds_the_rest(shelves: dict[str, Category]) -> None:
    plain = counted(Filters(), shelves).histogram
    assert plain is not None
    assert (plain.low, plain.high, plain.quarter, plain.three_quarters) == (1000, 4000, 1000, 3000)
    assert sum(plain.bars) == 4
    assert plain.bars[0] == 1
    assert plain.bars[-1] == 1
    priced = counted(Filters(price_max=1500), shelves)
    assert priced.total == 1
    assert priced.histogram == plain
    red = counted(Filters(tokens=(("colour", ("Red",)),)), shelves).histogram
    assert red is not None
    assert sum(red.bars) == 2


def test_one_price_makes_one_bar_and_nothing_makes_none(shelves: dict[str, Category]) -> None:
    single = counted(Filters(text="red vase"), shelves).histogram
    assert single is not None
    assert sum(single.bars) == 1
    assert counted(Filters(text="nothing"), shelves).histogram is None


def test_values_that_the_words_exclude_are_not_offered_at_all(shelves: dict[str, Category]) -> None:
    assert counted(Filters(text="bowl"), shelves).tokens["condition"] == {"new": 2}


def test_counting_stops_and_says_so(shelves: dict[str, Category], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "COUNTED", 3)
    found = counted(Filters(), shelves)
    assert found.total == 3
    assert found.capped
    assert facets.total(Filters()) == 3


def test_one_statement_however_many_facets(
    shelves: dict[str, Category], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    filters = Filters(text="b", tokens=(("colour", ("Blue",)), ("condition", ("new",))), price_min=1, in_stock=True)
    with django_assert_num_queries(1):
        counted(filters, shelves)
