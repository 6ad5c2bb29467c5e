"""How hard a secret is to guess: an estimate in bits, from the cheapest way to write it down.

A character costs what its alphabet or its frequency in the text says, whichever is less; a word that people choose, a run such
as ``abcd`` or ``9876`` and a repetition of what came before cost a few bits however long they are. So a random text that
happens to contain "test" stays strong, and 64 equal letters are worth nothing.
"""

import gzip
import math
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path

from django.contrib.auth import password_validation

SHORTEST_WORD, SHORTEST_RUN = 4, 3
# Bits for one of the words that people choose first, with the ways to write it; of our own few, for one of those.
WORD_BITS, OUR_BITS = 10.0, 6.0
# What the people who set up halls type before they have a secret; Django's list has the other words.
_OURS = """
    awning changeme config default deploy development django dummy environment example fallback generate goes here hmac insecure
    marketplace placeholder please private production prod random replace sample secret secure session shared signing staging
    string super temporary test testing this token value webhook your
""".split()  # noqa: SIM905 - a list of words reads as words
_DISGUISES = str.maketrans("013457@$!", "oieastasi")
_ALPHABETS = (
    (16, frozenset("0123456789abcdef")),
    (16, frozenset("0123456789ABCDEF")),
)
_CLASSES = ((10, str.isdigit), (26, str.islower), (26, str.isupper))


def bits(text: str) -> float:
    """The estimate for one secret, 0 for none."""
    if not text:
        return 0.0
    single = _costs_of_characters(text)
    lowered = text.lower()
    plain = lowered.translate(_DISGUISES)
    words = _words()
    cheapest = [0.0]
    for end in range(1, len(text) + 1):
        best = cheapest[end - 1] + single[end - 1]
        for start in range(max(0, end - 64), end - SHORTEST_RUN + 1):
            part = lowered[start:end]
            if end - start >= SHORTEST_WORD and (cost := words.get(part) or words.get(plain[start:end])):
                best = min(best, cheapest[start] + cost)
            if _is_run(part):
                best = min(best, cheapest[start] + single[start] + 1 + math.log2(end - start))
            elif part in lowered[: end - 1]:
                best = min(best, cheapest[start] + math.log2(end) + math.log2(end - start))
        cheapest.append(best)
    return cheapest[-1]


def _costs_of_characters(text: str) -> list[float]:
    """Bits for each character: never more than the alphabet in use allows, and less for one that is everywhere.

    A short sample looks more regular than its source is; the Miller–Madow term gives that back.
    """
    alphabet = math.log2(_alphabet(text))
    counts = Counter(text)
    unseen = (len(counts) - 1) / (2 * len(text) * math.log(2))
    return [min(alphabet, math.log2(len(text) / counts[character]) + unseen) for character in text]


def _alphabet(text: str) -> int:
    used = frozenset(text)
    for size, alphabet in _ALPHABETS:
        if used <= alphabet:
            return size if any(character.isalpha() for character in used) else 10
    size = sum(size for size, holds in _CLASSES if any(map(holds, used)))
    return max(2, size + (2 if used & set("-_+/=") else 0) + (31 if used - _BASE64 else 0))


_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=")


def _is_run(part: str) -> bool:
    step = ord(part[1]) - ord(part[0])
    return step in (-1, 0, 1) and all(ord(after) - ord(before) == step for before, after in pairwise(part))


@cache
def _words() -> dict[str, float]:
    """Django's 20,000 passwords that people choose most, and ours, with their bits."""
    listed = Path(password_validation.__file__).with_name("common-passwords.txt.gz")
    with gzip.open(listed, "rt", encoding="utf-8") as lines:
        found = {word: WORD_BITS for line in lines if len(word := line.strip()) >= SHORTEST_WORD}
    return found | dict.fromkeys(_OURS, OUR_BITS)
