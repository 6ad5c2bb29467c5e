from decimal import Decimal

import pytest

from marketplace.catalog.errors import BadProduct
from marketplace.catalog.models import Attribute
from marketplace.catalog.services.attributes import Given, checked_attributes

COLOUR = Attribute(slug="colour", label="Colour", kind="choice", choices=["Red", "Dark blue"])
HEIGHT = Attribute(slug="height", label="Height", kind="number", unit="cm")
SIGNED = Attribute(slug="signed", label="Signed", kind="boolean")
ARTIST = Attribute(slug="artist", label="Artist", kind="text")
ALL = [COLOUR, HEIGHT, SIGNED, ARTIST]


def test_values_are_stored_as_their_type_spells_them() -> None:
    given: dict[str, Given] = {"colour": "dark BLUE", "height": "12.50 cm", "signed": "Yes", "artist": " Mo Lin "}
    assert checked_attributes(ALL, given) == {
        "colour": "Dark blue",
        "height": "12.5",
        "signed": True,
        "artist": "Mo Lin",
    }


@pytest.mark.parametrize(("raw", "stored"), [(30, "30"), (Decimal("0.10"), "0.1"), ("1e2", "100"), ("-3", "-3")])
def test_numbers_are_plain_decimal_text(raw: Given, stored: str) -> None:
    assert checked_attributes([HEIGHT], {"height": raw}) == {"height": stored}


@pytest.mark.parametrize("raw", [False, "no", "0", "FALSE"])
def test_no_is_kept_as_no(raw: Given) -> None:
    assert checked_attributes([SIGNED], {"signed": raw}) == {"signed": False}


def test_blank_values_are_left_out() -> None:
    assert checked_attributes(ALL, {"colour": " ", "height": None}) == {}


@pytest.mark.parametrize(
    ("given", "field", "says"),
    [
        ({"colour": "Green"}, "colour", "“Green” is not a choice of Colour: use one of Red, Dark blue."),
        ({"height": "tall"}, "height", "“tall” is not a number: give Height in cm like 12.5."),
        ({"height": "NaN"}, "height", "“NaN” is not a number: give Height in cm like 12.5."),
        ({"height": "1e99"}, "height", "“1e99” is not a number: give Height in cm like 12.5."),
        ({"height": "12 mm"}, "height", "“12 mm” is not a number: give Height in cm like 12.5."),
        ({"signed": "maybe"}, "signed", "Signed is yes or no."),
        ({"artist": "x" * 201}, "artist", "Shorten Artist to 200 characters."),
        ({"weight": "3"}, "weight", "This kind of product has no such attribute."),
    ],
)
def test_a_bad_value_says_what_would_fit(given: dict[str, Given], field: str, says: str) -> None:
    with pytest.raises(BadProduct) as caught:
        checked_attributes(ALL, given)
    assert caught.value.fields == {field: says}


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(BadProduct) as caught:
        checked_attributes(ALL, {"colour": "Green", "signed": "maybe"})
    assert set(caught.value.fields) == {"colour", "signed"}
