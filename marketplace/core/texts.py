"""Text that people type, as it may be stored."""

import unicodedata


def one_line(typed: str) -> str:
    """The text in one line: control characters and runs of blanks become one space, the ends are trimmed.

    PostgreSQL refuses the NUL character, and a line break in a name would end a header.
    """
    visible = "".join(" " if unicodedata.category(letter) in ("Cc", "Cs") else letter for letter in typed)
    return " ".join(visible.split())
