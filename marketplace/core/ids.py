"""Numbers and slugs that people see: never sequential, easy to read out."""

import re
import secrets
import unicodedata

# Crockford's base 32: no I, L, O or U, so that nothing is misread or spells a word.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_number(prefix: str) -> str:
    """A fresh number such as ``A-7K2M9-4QX2P``: 50 random bits; uniqueness is the column's constraint."""
    letters = "".join(secrets.choice(ALPHABET) for _ in range(10))
    return f"{prefix}-{letters[:5]}-{letters[5:]}"


def normal_number(text: str) -> str:
    """What a person typed or pasted, as the number was given out: upper case, O as 0, I and L as 1, nothing invisible."""
    visible = "".join(letter for letter in text if letter.isprintable())
    prefix, dash, rest = visible.strip().upper().partition("-")
    return prefix + dash + rest.translate(str.maketrans("OIL", "011"))


def slug_of(text: str, *, limit: int = 80) -> str:
    """A URL slug of the text: ASCII letters, digits and hyphens, at most ``limit`` characters, never empty."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ø", "o").replace("Ø", "O"))
    ascii_text = plain.encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", ascii_text).strip("-")[:limit].strip("-")
    return slug or "item"
