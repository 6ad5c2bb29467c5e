import pytest

from marketplace.catalog.errors import BadProduct
from marketplace.catalog.options import checked_options, gtin_is_valid, options_key


def test_order_and_the_case_of_names_make_no_other_variant() -> None:
    assert options_key([("Size", "M"), ("Colour", "Blue")]) == options_key([("colour", "Blue"), ("size", "M")])
    assert options_key([("Size", "M"), ("Colour", "Blue")]) == "colour=Blue|size=M"


def test_separators_inside_a_value_do_not_make_two_variants_one() -> None:
    assert options_key([("a", "1|b=2")]) != options_key([("a", "1"), ("b", "2")])
    assert options_key([("a=b", "c")]) != options_key([("a", "b=c")])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ([("Size", "")], "needs a name and a value"),
        ([("Size", "M"), ("size", "L")], "given twice"),
        ([(str(n), "x") for n in range(4)], "at most 3"),
        ([("Size", "x" * 61)], "too long"),
    ],
)
def test_bad_options_are_named(options: list[tuple[str, str]], says: str) -> None:
    with pytest.raises(BadProduct, match=says):
        checked_options(options)


def test_options_are_tidied_and_keep_their_order() -> None:
    assert checked_options([("Size ", " M"), ("Colour", "Dark  blue")]) == [("Size", "M"), ("Colour", "Dark blue")]


@pytest.mark.parametrize("digits", ["4006381333931", "96385074", "036000291452", "00012345600012"])
def test_a_gtin_with_the_right_check_digit(digits: str) -> None:
    assert gtin_is_valid(digits)


@pytest.mark.parametrize("digits", ["4006381333932", "123", "00000000", "40063813339³1", "40063813a3931"])
def test_anything_else_is_no_gtin(digits: str) -> None:
    assert not gtin_is_valid(digits)
