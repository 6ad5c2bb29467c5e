"""From what a person typed to words, and from words to a tsquery."""

import re
import unicodedata

from marketplace.core.texts import one_line

MAX_LENGTH = 200
MAX_WORDS = 12
MAX_WORD = 60
# Letters and digits of any script; the index splits documents in the same way.
_WORD = re.compile(r"[^\W_]+")


def tidy(typed: str) -> str:
    """One line without control characters, at most 200 characters: what the page repeats."""
    return one_line(typed[: 4 * MAX_LENGTH])[:MAX_LENGTH].strip()


def words(typed: str) -> list[str]:
    """The words of a query in lower case, at most twelve."""
    normal = unicodedata.normalize("NFC", tidy(typed))
    return [word[:MAX_WORD].lower() for word in _WORD.findall(normal)[:MAX_WORDS]]


def tsquery(typed: str) -> str:
    """All the words, the last one as a beginning; "" when there is none. For ``to_tsquery('awning', …)``."""
    found = [f"'{word}'" for word in words(typed)]
    return " & ".join(found) + ":*" if found else ""
