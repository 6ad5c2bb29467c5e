import pytest
from pytest_django import DjangoAssertNumQueries

from marketplace.catalog.search.words import correct, one_letter_away
from marketplace.sellers.models import Seller
from tests.marketplace.catalog.search.stock import on_the_shelf


@pytest.fixture
def shelf(kiln: Seller) -> None:
    on_the_shelf(kiln, "Speckled vase", description="<p>porcelaineous thing</p>")
    on_the_shelf(kiln, "Speckled stoneware bowl")
    on_the_shelf(kiln, "Café cup 1984")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("vsae", "vase"),
        ("vas", None),
        ("vaze", "vase"),
        ("vasse", "vase"),
        ("speckeld vase", "speckled vase"),
        ("stonewear bowl", "stoneware bowl"),
        ("speckeld vsae", "speckled vase"),
        ("cafè", None),
        ("cafee", "cafe"),
        ("speckled", None),
        ("porcelaineous", None),
        ("xylophone", None),
        ("1985", None),
        ("", None),
        ("vsae 1985", "vase 1985"),
    ],
)
def test_only_words_that_match_nothing_are_replaced(shelf: None, typed: str, meant: str | None) -> None:
    correction = correct(typed)
    assert (correction.text if correction else None) == meant


def test_of_two_close_words_the_commoner_is_meant(kiln: Seller) -> None:
    from marketplace.catalog.services import refresh_words

    on_the_shelf(kiln, "Bowl")
    on_the_shelf(kiln, "Bold print")
    on_the_shelf(kiln, "Bold lamp")
    refresh_words()
    correction = correct("bolx")
    assert correction is not None
    assert correction.replaced == (("bolx", "bold"),)


def test_one_statement(shelf: None, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        correct("speckeld vsae stonewear")


def test_every_single_slip_is_near() -> None:
    near = one_letter_away("vase")
    assert {"vse", "vsae", "vane", "vases", "avase"} <= near
    assert "vase" not in near
    assert "voss" not in near
    assert one_letter_away("ab") == one_letter_away("x" * 25) == set()
