from datetime import timedelta

import pytest

from marketplace.catalog.models import Product
from marketplace.catalog.search import hits as hits_module
from marketplace.catalog.search.facets import total
from marketplace.catalog.search.hits import hits
from marketplace.catalog.search.params import COUNTED, Filters, Sort
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_category, an_attribute
from tests.marketplace.catalog.search.stock import on_the_shelf


def titles(
    filters: Filters, *, sort: Sort = Sort.RELEVANCE, page: int = 1, matches: int = 10, size: int = 24
) -> list[str]:
    names = dict(Product.objects.values_list("pk", "title"))
    return [names[pk] for pk in hits(filters, sort=sort, page=page, matches=matches, size=size)]


def test_the_last_word_is_a_beginning_and_all_words_must_match(kiln: Seller) -> None:
    on_the_shelf(kiln, "Tall vase")
    on_the_shelf(kiln, "Tall vaseline jar")
    on_the_shelf(kiln, "Small vase")
    assert set(titles(Filters(text="tall vas"))) == {"Tall vase", "Tall vaseline jar"}
    assert titles(Filters(text="vas tall")) == []
    assert titles(Filters(text="TALL vase")) == ["Tall vase", "Tall vaseline jar"]


@pytest.mark.parametrize("typed", ["café", "CAFE", "cafè"])
def test_accents_and_case_make_no_difference(kiln: Seller, typed: str) -> None:
    on_the_shelf(kiln, "Café crème cup")
    assert titles(Filters(text=typed)) == ["Café crème cup"]


def test_relevance_weighs_titles_then_popularity_and_puts_sold_out_last(kiln: Seller) -> None:
    on_the_shelf(kiln, "Bowl", description="<p>Goes with the celadon vase.</p>", popularity=50)
    on_the_shelf(kiln, "Celadon vase, quiet", popularity=0)
    on_the_shelf(kiln, "Celadon vase, loved", popularity=90)
    on_the_shelf(kiln, "Celadon vase, gone", popularity=900, stock=0)
    assert titles(Filters(text="celadon")) == [
        "Celadon vase, loved",
        "Celadon vase, quiet",
        "Bowl",
        "Celadon vase, gone",
    ]


@pytest.mark.parametrize("matches", [3, COUNTED])
def test_orders(kiln: Seller, matches: int) -> None:
    for place, (title, price) in enumerate((("A", 300), ("B", 100), ("C", 200))):
        on_the_shelf(kiln, title, price_minor=price, created_at=NOW - timedelta(days=place), popularity=place)
    everything = Filters()
    assert titles(everything, sort=Sort.PRICE, matches=matches) == ["B", "C", "A"]
    assert titles(everything, sort=Sort.PRICE_DOWN, matches=matches) == ["A", "C", "B"]
    assert titles(everything, sort=Sort.NEWEST, matches=matches) == ["A", "B", "C"]
    assert titles(everything, matches=matches) == ["C", "B", "A"]


@pytest.mark.parametrize("sort", list(Sort))
@pytest.mark.parametrize("matches", [7, COUNTED])
def test_pages_hold_everything_once(kiln: Seller, sort: Sort, matches: int) -> None:
    for number in range(7):
        on_the_shelf(kiln, f"Vase {number}", price_minor=500, popularity=3, created_at=NOW)
    seen = [
        title
        for page in (1, 2, 3, 4)
        for title in titles(Filters(text="vase"), sort=sort, page=page, matches=matches, size=3)
    ]
    assert sorted(seen) == [f"Vase {number}" for number in range(7)]


def test_filters_narrow(kiln: Seller, groove: Seller) -> None:
    an_attribute(label="Colour", choices=["Red", "Blue", "Green"])
    ceramics = a_category(name="Ceramics")
    vases, bowls = a_category(name="Vases", parent=ceramics), a_category(name="Bowls", parent=ceramics)
    on_the_shelf(kiln, "Red vase", category=vases, attributes={"colour": "Red"}, price_minor=1000)
    on_the_shelf(kiln, "Blue vase", category=vases, attributes={"colour": "Blue"}, price_minor=2000, condition="good")
    on_the_shelf(groove, "Green bowl", category=bowls, attributes={"colour": "Green"}, price_minor=3000, stock=0)
    colours = ("colour", ("Red", "Blue"))
    for filters, expected in (
        (Filters(within=ceramics.pk), {"Red vase", "Blue vase", "Green bowl"}),
        (Filters(within=vases.pk), {"Red vase", "Blue vase"}),
        (Filters(stall=groove.pk), {"Green bowl"}),
        (Filters(categories=(vases.pk, bowls.pk)), {"Red vase", "Blue vase", "Green bowl"}),
        (Filters(stalls=(groove.pk,)), {"Green bowl"}),
        (Filters(tokens=(colours,)), {"Red vase", "Blue vase"}),
        (Filters(tokens=(colours, ("condition", ("good",)))), {"Blue vase"}),
        (Filters(price_min=2000), {"Blue vase", "Green bowl"}),
        (Filters(price_min=1000, price_max=2000), {"Red vase", "Blue vase"}),
        (Filters(in_stock=True), {"Red vase", "Blue vase"}),
        (Filters(text="vase", tokens=(("colour", ("Green",)),)), set()),
    ):
        assert set(titles(filters)) == expected, filters
        assert total(filters) == len(expected)


def test_values_are_never_read_as_sql(kiln: Seller) -> None:
    on_the_shelf(kiln, "Vase")
    bad = "x'); DROP TABLE catalog_searchentry; --%s %(where)s {where}"
    assert titles(Filters(text=bad)) == []
    assert titles(Filters(tokens=(("condition", (bad,)),))) == []
    assert titles(Filters(text="vase")) == ["Vase"]


def test_only_so_many_are_ranked_and_only_so_many_pages_served(kiln: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        on_the_shelf(kiln, f"Vase {number}", popularity=number)
    monkeypatch.setattr(hits_module, "CANDIDATES", 2)
    assert titles(Filters(text="vase")) == ["Vase 3", "Vase 2"]
    assert titles(Filters(), page=2, size=2) == ["Vase 1", "Vase 0"]
    monkeypatch.setattr(hits_module, "MAX_PAGE", 1)
    assert titles(Filters(), page=0) == titles(Filters(), page=2, size=2) == []
