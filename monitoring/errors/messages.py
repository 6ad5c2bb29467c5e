"""The text of an error as it may be stored: its words stay, its values go.

Whoever raises an error writes values into its text. So this is an allow-list: words, names of identifiers and small numbers
stay; what is quoted, mixed from letters and digits, or follows a word such as "password" does not.
"""

import re

from monitoring.requests.scrubber import scrub_text

GONE = "[…]"
LONGEST = 500

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"|`([^`]*)`|‘([^’]*)’|“([^”]*)”")
# core_outboxevent, django.db.utils, IntegrityError; no digits, so that no token passes for a name.
_IDENTIFIER = re.compile(r"[A-Za-z_]{1,40}(\.[A-Za-z_]{1,40}){0,5}(\(\))?")
_WORD = re.compile(r"[A-Z]?[a-z]{1,20}(-[a-z]{1,15})?('[a-z]{1,2})?|[A-Z]{1,12}|([A-Z][a-z]{1,20}){2,5}")
_NUMBER = re.compile(r"[+-]?\d{1,6}([.,]\d{1,3})?(s|ms|%|MB|KB|B)?")
_MARK = re.compile(r"\[[A-Za-z …]{1,20}\]|[^\w\s]{1,3}")
_EDGES = re.compile(r"^([(\[{<]*)(.*?)([)\]}>.,;:!?…]*)$", re.DOTALL)
_SENSITIVE = re.compile(
    r"pass(word|wd|phrase|code)?|pwd|secret|token|api_?key|key|credentials?|authori[sz]ation|bearer|basic|cookie|session(id)?"
    r"|csrf\w*|signature|card|cvc|cvv|iban|pin|otp|code",
    re.IGNORECASE,
)
# "password is x", "token: x": the word that gives the value stands between.
_BETWEEN = re.compile(r"is|was|of|for|are|=|:|to|with|the|a|an|header|value|number", re.IGNORECASE)


def readable(text: str) -> str:
    """At most 500 characters of the text without its values."""
    text = _QUOTED.sub(_unquoted, scrub_text(text[: 2 * LONGEST]))
    kept: list[str] = []
    hiding = False
    for token in text.split():
        shown, hiding = _shown(token, hiding)
        if not (shown == GONE and kept and kept[-1] == GONE):
            kept.append(shown)
    return " ".join(kept)[:LONGEST]


def _unquoted(match: re.Match[str]) -> str:
    inside = next((group for group in match.groups() if group is not None), "")
    known = _IDENTIFIER.fullmatch(inside) and ("_" in inside or "." in inside or inside.islower())
    return match.group() if known and len(inside) <= 40 else GONE


def _shown(token: str, hiding: bool) -> tuple[str, bool]:
    """The token or its replacement, and whether the next one is hidden because of this one."""
    before, core, after = _EDGES.match(token.strip("'\"`")).groups()  # type: ignore[union-attr]
    if not core or _MARK.fullmatch(token):
        return token, hiding
    if hiding and _BETWEEN.fullmatch(core):
        return token, True
    if hiding:
        return f"{GONE}{after}", False
    name, equals, value = core.partition("=")
    if equals and _IDENTIFIER.fullmatch(name):
        return (f"{before}{name}={GONE}" if value else token), not value
    if _SENSITIVE.fullmatch(core):
        return token, True
    if _is_plain(core):
        return token, False
    return f"{before}{GONE}{after}", False


def _is_plain(core: str) -> bool:
    if _WORD.fullmatch(core) or _NUMBER.fullmatch(core):
        return True
    return bool(_IDENTIFIER.fullmatch(core)) and ("_" in core or "." in core)
