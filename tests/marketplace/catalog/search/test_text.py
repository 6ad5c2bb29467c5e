import pytest

from marketplace.catalog.search.text import tidy, tsquery, words


@pytest.mark.parametrize(
    ("typed", "query"),
    [
        ("vase", "'vase':*"),
        ("Tall VASE", "'tall' & 'vase':*"),
        ("OP-1/b_c", "'op' & '1' & 'b' & 'c':*"),
        ("l'été & (x | !y):*", "'l' & 'été' & 'x' & 'y':*"),
        ("a\x00b", "'a' & 'b':*"),
        ("", ""),
        ("!!! -- ''", ""),
    ],
)
def test_any_text_becomes_a_valid_query(typed: str, query: str) -> None:
    assert tsquery(typed) == query


def test_queries_stay_small() -> None:
    assert len(words(" ".join(["word"] * 50))) == 12
    assert len(words("x" * 500)[0]) == 60
    assert len(tidy("x" * 500)) == 200


def test_what_the_page_repeats_is_one_clean_line() -> None:
    assert tidy("  tall\n\tvase\x00\x1b[0m ") == "tall vase [0m"
