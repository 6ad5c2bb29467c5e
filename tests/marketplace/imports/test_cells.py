from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.catalog.services.offers import MAX_PRICE_MINOR
from marketplace.imports import cells
from marketplace.imports.errors import CellError
from marketplace.imports.records import ReadOptions
from tests.marketplace.imports.files import EURO, NOW

YEN = ReadOptions(currency="JPY", digits=0, now=NOW)
DINAR = ReadOptions(currency="KWD", digits=3, now=NOW)


@pytest.mark.parametrize(
    ("text", "minor"),
    [
        ("12", 1200), ("12.5", 1250), ("12.50", 1250), ("12,50", 1250), (".5", 50), (",5", 50), ("12.", 1200),
        ("1.234,56", 123456), ("1,234.56", 123456), ("1 234,56", 123456), ("1\u00a0234,56", 123456),
        ("1\u202f234,56", 123456), ("1'234.50", 123450), ("1’234.50", 123450), ("1.234.567", 123456700),
        ("1,234,567", 123456700), ("1,234,567.89", 123456789), ("1,23,456.00", 12345600), ("0.999", None),
        ("1234.560", 123456), ("9.9900", 999), ("€12.50", 1250), ("12,50 €", 1250), ("EUR 12", 1200), ("eur12", 1200),
        ("+12", 1200), ("1234", 123400),
    ],
)  # fmt: skip
def test_a_price_is_read_as_it_is_written(text: str, minor: int | None) -> None:
    if minor is None:
        with pytest.raises(CellError):
            cells.price(text, "Price", EURO)
    else:
        assert cells.price(text, "Price", EURO) == minor


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("abc", "not a price"), ("-5", "below zero"), ("−5", "below zero"), ("$12", "not a price in EUR"),
        ("12 USD", "not a price in EUR"), ("1e3", "not a price"), ("1.2.3", "not a price"), ("1,2,3", "not a price"),
        ("12.345.6", "not a price"), ("1 2", "not a price"), ("12,34.56", "not a price"), ("0", "price is 0"),
        ("0.00", "price is 0"), ("9.9999", "more decimals"), ("9" * 13, "larger than any price"), ("٣", "not a price"),
        ("NaN", "not a price"), ("Infinity", "not a price"), ("(12)", "not a price"), (".", "not a price"),
        ("1..2", "not a price"), ("12-", "not a price"), ("50%", "not a price"), ("10-20", "not a price"),
    ],
)  # fmt: skip
def test_what_is_no_price_is_refused_with_a_reason(text: str, says: str) -> None:
    with pytest.raises(CellError) as caught:
        cells.price(text, "Variant Price", EURO)
    assert caught.value.column == "Variant Price"
    assert says in caught.value.message


@pytest.mark.parametrize("text", ["1.234", "1,234", "12.345", "999,000"])
def test_a_price_that_could_mean_two_sums_is_refused_until_the_mark_is_named(text: str) -> None:
    with pytest.raises(CellError, match="could mean"):
        cells.price(text, "Price", EURO)
    mark = "," if "." in text else "."
    named = ReadOptions(currency="EUR", digits=2, now=NOW, decimal_mark=mark)
    assert cells.price(text, "Price", named) == int(text.replace(".", "").replace(",", "")) * 100


def test_digits_follow_the_currency() -> None:
    assert cells.price("1200", "Price", YEN) == 1200
    assert cells.price("1.234", "Price", DINAR) == 1234
    with pytest.raises(CellError, match="more decimals than JPY"):
        cells.price("12.5", "Price", YEN)


def test_a_blank_price_is_no_price() -> None:
    assert cells.price("", "Price", EURO) is None


@given(
    st.integers(min_value=1, max_value=10**9),
    st.sampled_from([("", "."), ("", ","), (",", "."), (".", ","), (" ", ",")]),
)
def test_every_amount_is_read_back_from_every_way_of_writing_it(minor: int, marks: tuple[str, str]) -> None:
    group, decimal = marks
    whole, fraction = divmod(minor, 100)
    written = f"{whole:,}".replace(",", group) + f"{decimal}{fraction:02d}"
    assert cells.price(written, "Price", EURO) == minor


@given(st.text(max_size=30))
def test_no_text_breaks_the_price_reader(text: str) -> None:
    try:
        minor = cells.price(cells.clean(text, "Price"), "Price", EURO)
    except CellError:
        return
    assert minor is None or 0 < minor <= cells.MAX_PRICE


@given(st.text(max_size=60))
def test_a_guarded_cell_is_read_back_and_starts_no_formula(text: str) -> None:
    try:
        plain = cells.clean(cells.clean(text, "x"), "x")
    except CellError:
        return
    guarded = cells.guard(plain)
    assert guarded[:1] not in cells.GUARDED or not guarded
    assert cells.clean(guarded, "x") == plain


@pytest.mark.parametrize("start", list("=+-@\t\r"))
def test_every_formula_start_is_guarded(start: str) -> None:
    assert cells.guard(f"{start}SUM(A1)") == f"'{start}SUM(A1)"
    assert cells.guard(f"'{start}1") == f"''{start}1"
    assert cells.guard("plain") == "plain"


def test_text_is_trimmed_and_rid_of_control_characters() -> None:
    assert cells.clean(" a\r\nb\x00\x07 \u00a0", "x") == "a\nb"
    with pytest.raises(CellError, match="not text in this file's encoding"):
        cells.clean("caf\udce9", "Title")


@given(st.lists(st.text(alphabet="ab,\\>: \n", min_size=1, max_size=8).map(str.strip).filter(bool), unique=True))
def test_lists_are_read_back(values: list[str]) -> None:
    assert cells.listing(", ".join(map(cells.escape, values))) == tuple(values)


def test_category_paths_split_twice() -> None:
    assert cells.paths("Clothing > Hoodies, Music") == (("Clothing", "Hoodies"), ("Music",))
    assert cells.paths("Cups\\, mugs > Tea") == (("Cups, mugs", "Tea"),)
    assert cells.paths(" , > ") == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [("4006381333931", "4006381333931"), ("96385074", "96385074"), ("036000291452", "036000291452"),
     ("4006381333932", ""), ("4.00638E+12", ""), ("0000000000000", ""), ("ISBN", ""), ("4006-3813 33931", "4006381333931")],
)  # fmt: skip
def test_barcodes_count_only_with_their_check_digit(text: str, expected: str) -> None:
    assert cells.gtin(text) == expected


@given(st.integers(min_value=1, max_value=10**12 - 1))
def test_changing_one_digit_of_a_gtin_breaks_it(number: int) -> None:
    body = f"{number:012d}"
    whole = next(f"{body}{digit}" for digit in range(10) if cells.gtin(f"{body}{digit}"))
    changed = whole[:5] + str((int(whole[5]) + 1) % 10) + whole[6:]
    assert cells.gtin(whole) == whole
    assert cells.gtin(changed) == ""


@pytest.mark.parametrize(("text", "expected"), [("", None), ("12", 12), ("12.0", 12), ("-3", -3), ("−3", -3)])
def test_counts(text: str, expected: int | None) -> None:
    assert cells.count(text, "Stock") == expected


@pytest.mark.parametrize("text", ["1.5", "many", "1e3", "9" * 20, "٣"])
def test_what_is_no_count_is_refused(text: str) -> None:
    with pytest.raises(CellError, match="not a whole number"):
        cells.count(text, "Stock")


def test_slugs_are_never_blank_for_text_and_never_too_long() -> None:
    assert cells.slug("Öl & Essig") == "ol-essig"
    assert cells.slug("日本") == cells.digest("日本")
    assert len(cells.slug("x" * 300, length=40)) <= 40
    assert cells.slug("") == ""


def test_flags_use_the_words_of_the_exports() -> None:
    assert cells.flag("TRUE", "Published", default=False)
    assert not cells.flag("0", "Published", default=True)
    assert cells.flag("", "Published", default=True)
    with pytest.raises(CellError, match="neither yes nor no"):
        cells.flag("perhaps", "Published", default=True)


def test_decimal_is_never_float() -> None:
    assert cells.price("0.29", "Price", EURO) == int(Decimal("0.29") * 100)


def test_the_largest_price_is_the_catalogues() -> None:
    assert cells.MAX_PRICE == MAX_PRICE_MINOR
