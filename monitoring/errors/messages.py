"""The text of an error as it may be stored: its words stay, its values go.

Whoever raises an error writes values into its text. So this is an allow-list: words, names of identifiers and small numbers
stay; what is quoted, mixed from letters and digits, or follows a word such as "password" does not.
"""

import re
from enum import Enum

from monitoring.requests.scrubber import scrub_text

GONE = "[…]"
LONGEST = 500

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"|`([^`]*)`|‘([^’]*)’|“([^”]*)”")
# core_outboxevent, django.db.utils, IntegrityError; no digits, so that no token passes for a name.
_IDENTIFIER = re.compile(r"[A-Za-z_]{1,40}(\.[A-Za-z_]{1,40}){0,5}(\(\))?")
_WORD = re.compile(r"[A-Z]?[a-z]{1,20}(-[a-z]{1,15})?('[a-z]{1,2})?|[A-Z]{1,12}|([A-Z][a-z]{1,20}){2,5}")
_CLASS = re.compile(r"([A-Z][a-z]{1,20}){2,5}")
_NUMBER = re.compile(r"[+-]?\d{1,6}([.,]\d{1,3})?(s|ms|%|MB|KB|B)?")
_MARK = re.compile(r"\[[A-Za-z …]{1,20}\]|[^\w\s]{1,3}")
_EDGES = re.compile(r"^([(\[{<]*)(.*?)([()\]}>.,;:!?…]*)$", re.DOTALL)
# What follows these is never shown …
_SENSITIVE = re.compile(
    r"pass(word|wd|phrase|code)?|pwd|secret|token|api_?key|credentials?|authori[sz]ation|bearer|csrf\w*|signature|cvc|cvv|pin|otp",
    re.IGNORECASE,
)
# … and after these only what is said to be their value: "the key is x", but "duplicate key value".
_DELICATE = re.compile(r"\w*key|code|card|cookies?|session(id)?|iban|basic|login|account|e-?mail|name", re.IGNORECASE)
_EQUALS = re.compile(r"is|was|are|=|:", re.IGNORECASE)
# "password of the user is x": words that may stand between.
_BETWEEN = re.compile(r"is|was|of|for|are|=|:|to|with|the|a|an|user|header|value|number|given", re.IGNORECASE)


class _Hide(Enum):
    NOTHING = 0
    IF_EQUAL = 1
    NEXT = 2


def readable(text: str) -> str:
    """At most 500 characters of the text without its values."""
    text = _QUOTED.sub(_unquoted, scrub_text(text[: 2 * LONGEST]))
    kept: list[str] = []
    hiding = _Hide.NOTHING
    for token in text.split():
        shown, hiding = _shown(token, hiding)
        if not (shown == GONE and kept and kept[-1] == GONE):
            kept.append(shown)
    return " ".join(kept)[:LONGEST]


def _unquoted(match: re.Match[str]) -> str:
    inside = next((group for group in match.groups() if group is not None), "")
    known = _IDENTIFIER.fullmatch(inside) and ("_" in inside or "." in inside or inside.islower())
    return match.group() if (known or _CLASS.fullmatch(inside)) and len(inside) <= 40 else GONE


def _shown(token: str, hiding: _Hide) -> tuple[str, _Hide]:
    """The token or its replacement, and what it means for the next one."""
    bare = token.strip("'\"`")
    before, core, after = _EDGES.match(bare).groups()  # type: ignore[union-attr]
    if hiding is _Hide.IF_EQUAL:
        hiding = _Hide.NEXT if _EQUALS.fullmatch(core or bare) else _Hide.NOTHING
    if hiding is _Hide.NEXT:
        between = not core or _BETWEEN.fullmatch(core)
        return (token, hiding) if between else (f"{GONE}{after}", _Hide.NOTHING)
    if not core or _MARK.fullmatch(token):
        return token, _Hide.NOTHING
    name, equals, value = core.partition("=")
    if equals and _IDENTIFIER.fullmatch(name):
        return (f"{before}{name}={GONE}", _Hide.NOTHING) if value else (token, _Hide.NEXT)
    if _SENSITIVE.fullmatch(core):
        return token, _Hide.NEXT
    if _is_plain(core):
        delicate = _DELICATE.fullmatch(core)
        return token, _Hide.NOTHING if not delicate else _Hide.NEXT if ":" in after else _Hide.IF_EQUAL
    return f"{before}{GONE}{after}", _Hide.NOTHING


def _is_plain(core: str) -> bool:
    if _WORD.fullmatch(core) or _NUMBER.fullmatch(core):
        return True
    return bool(_IDENTIFIER.fullmatch(core)) and ("_" in core or "." in core)
