"""Keeps secrets out of what the preflight says: library messages may hold whole URLs with their passwords."""

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias
from urllib.parse import quote, quote_plus, unquote

HIDDEN = "…"
# Shorter ones would turn every message into dots; who uses such a password has it shown as too weak.
SHORTEST = 3
Secrets: TypeAlias = Callable[[], Iterable[str]]

_IN_ADDRESS = re.compile(r"(?<=://)[^\s/@]*:[^\s@]*(?=@)")
_TOKENS = re.compile(r"\b(?:[srp]k_(?:live|test)_|whsec_|xkeysib-)[\w+/=-]+")
_sources: list[Secrets] = []


def hide(secrets: Secrets) -> None:
    """Registers where secrets come from; asked each time something is said."""
    _sources.append(secrets)


def parts_of(value: str) -> set[str]:
    """All that must not be shown of a secret or of a URL with a user and password, in every spelling of it."""
    found = {value, value.strip()}
    # Not by urlsplit: what that makes nothing of still has its password before the last @.
    scheme, _, rest = value.partition("://")
    if "@" in rest:
        user, colon, password = rest.rpartition("@")[0].partition(":")
        # A DSN's user is its key; a database's is a name.
        found |= {password} if colon else {user} if scheme.startswith("http") else set()
        found |= {user} if colon and scheme in ("s3", "http", "https") else set()
    found |= {spelling(part) for part in tuple(found) for spelling in (unquote, quote, quote_plus)}
    found |= {repr(part)[1:-1] for part in tuple(found)}
    return {part for part in found if len(part) >= SHORTEST}


def masked(text: str) -> str:
    """The text without any registered secret and without what looks like one."""
    secrets = {part for source in _sources for value in source() if value for part in parts_of(value)}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return _TOKENS.sub(HIDDEN, _IN_ADDRESS.sub(HIDDEN, text))


def said_by(error: BaseException) -> str:
    """The kind of an error and the first line of its message, masked."""
    first = (str(error).strip().splitlines() or [""])[0]
    return masked(f"{type(error).__name__}: {first}" if first else type(error).__name__)[:300]
