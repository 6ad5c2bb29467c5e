"""Typos: words that match nothing are looked up in the dictionary of the catalogue's own words."""

import unicodedata
from dataclasses import dataclass
from string import ascii_lowercase

from marketplace.catalog.search.text import words
from marketplace.core.replica import reader

# Below it a word is another word rather than a mistyped one (pg_trgm's similarity, 0 to 1).
ALIKE = 0.4
# The last word is a beginning, as in the search itself. A word one letter away comes before any that is merely alike.
_LOOK_UP = """
WITH typed AS (
    SELECT word, place FROM unnest(%(words)s::text[]) WITH ORDINALITY AS given (word, place)
    WHERE length(word) >= 3 AND word !~ '[0-9]' AND NOT EXISTS (
        SELECT FROM catalog_searchentry WHERE document @@ to_tsquery(
            'awning', quote_literal(word) || CASE WHEN place = %(last)s THEN ':*' ELSE '' END
        )
    )
), near AS (
    SELECT known.word, known.products, given.place
    FROM unnest(%(near)s::text[], %(places)s::int[]) AS given (word, place)
    JOIN catalog_searchword known ON known.word = given.word
)
SELECT DISTINCT ON (typed.place) typed.word, meant.word
FROM typed CROSS JOIN LATERAL (
    SELECT near.word, near.products, 1.0 AS alike FROM near WHERE near.place = typed.place
    UNION ALL
    SELECT word, products, similarity(known.word, typed.word) FROM catalog_searchword known
    WHERE known.word %% typed.word AND similarity(known.word, typed.word) >= %(alike)s
) meant
ORDER BY typed.place, meant.alike DESC, meant.products DESC, meant.word
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """``text`` is the query with its unknown words replaced; ``replaced`` holds (typed, meant)."""

    text: str
    replaced: tuple[tuple[str, str], ...]


def correct(typed: str) -> Correction | None:
    """What was probably meant; None when every word is known or nothing is close. One statement.

    Words with digits are left alone: they are sizes, years and article numbers.
    """
    given = words(typed)
    near = [(candidate, place) for place, word in enumerate(given, 1) for candidate in one_letter_away(word)]
    values: dict[str, float | list[str] | list[int]] = {
        "words": given,
        "last": len(given),
        "near": [candidate for candidate, _ in near],
        "places": [place for _, place in near],
        "alike": ALIKE,
    }
    with reader().cursor() as cursor:
        cursor.execute(_LOOK_UP, values)
        meant: dict[str, str] = dict(cursor.fetchall())
    if not meant:
        return None
    return Correction(" ".join(meant.get(word, word) for word in given), tuple(meant.items()))


def one_letter_away(word: str) -> set[str]:
    """Every spelling one slip away: a letter too many, missing, wrong, or two swapped (Damerau 1964).

    Some 50 per letter; none for words so short that any word would be close, or too long for it to matter.
    """
    flat = unicodedata.normalize("NFKD", word).encode("ascii", "ignore").decode()
    if not 3 <= len(flat) <= 24:
        return set()
    splits = [(flat[:cut], flat[cut:]) for cut in range(len(flat) + 1)]
    dropped = {head + tail[1:] for head, tail in splits if tail}
    swapped = {head + tail[1] + tail[0] + tail[2:] for head, tail in splits if len(tail) > 1}
    wrong = {head + letter + tail[1:] for head, tail in splits if tail for letter in ascii_lowercase}
    missing = {head + letter + tail for head, tail in splits for letter in ascii_lowercase}
    return (dropped | swapped | wrong | missing | {flat}) - {word}
