"""SQL without data: the shape of a statement, by which it is grouped, shown and explained.

A small reader of PostgreSQL's lexical rules (strings, quoted identifiers, dollar quotes, comments, numbers), not a parser.
Every literal and every parameter becomes $1, $2 …; lists of them shrink to one entry, so that ``IN (1, 2)`` and
``IN (1, 2, 3)`` are the same statement.
"""

import re
from functools import lru_cache
from hashlib import sha256

LONGEST = 8000

_TOKEN = re.compile(
    r"""
      (?P<comment> --[^\n]* | /\*(?:[^*/]|\*(?!/)|/(?!\*)|/\*.*?(?:\*/|\Z))*+(?:\*/|\Z) )
    | (?P<typed> \b(?P<type>interval|date|timestamptz|timestamp|time)\s+'(?:[^']|'')*(?:'|\Z) )
    | (?P<string> \b[eE]'(?:[^'\\]|\\.|'')*(?:'|\Z) | (?:\b[uU]&|\b[bBxXnN])?'(?:[^']|'')*(?:'|\Z) )
    | (?P<dollar> \$(?P<tag>[A-Za-z_]*)\$.*?(?:\$(?P=tag)\$|\Z) )
    | (?P<identifier> "(?:[^"]|"")*(?:"|\Z) )
    | (?P<parameter> %(?:\([^)]*\))?s | %b | %t | \$\d+ )
    | (?P<word> [A-Za-z_\x80-\uffff][\w$\x80-\uffff]* )
    | (?P<number> (?:\d[\d_]*(?:\.[\d_]*)?|\.\d+)(?:[eE][+-]?\d+)? )
    | (?P<space> \s+ )
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)
# IN ($1, $2, $3) → IN ($1) and ($1, $2), ($3, $4) → ($1, $2): before the numbers are given. A function keeps its arguments.
_LIST = re.compile(r"(\bIN\s*\(|\bARRAY\s*\[)\s*\?(?:\s*,\s*\?)+", re.IGNORECASE)
_ROWS = re.compile(r"(\([^()]*\))(?:\s*,\s*\1)+")
_READS = re.compile(r"^(select|with)\b", re.IGNORECASE)
# Blanks that comments left behind; those inside of a quoted identifier stay.
_BLANKS = re.compile(r"\"[^\"]*\"|[ ]{2,}")
_HOLE = re.compile(r"\?(?!\w)")
# What our own reader puts for a literal; a question mark of the statement's own (a JSON operator) is kept apart.
_OWN_MARK = "\x00"


@lru_cache(maxsize=256)
def normalise(sql: str) -> str:
    """The statement with its literals and parameters as $1, $2 …, on one line, at most 8,000 characters."""
    text = _TOKEN.sub(_replaced, sql.replace("\x00", "").replace("?", _OWN_MARK)).replace("%%", "%")
    text = _BLANKS.sub(_one_blank, text).strip()
    text = _ROWS.sub(r"\1", _LIST.sub(r"\1?", text))
    count = 0

    def numbered(match: re.Match[str]) -> str:
        nonlocal count
        count += 1
        return f"${count}"

    return _HOLE.sub(numbered, text).replace(_OWN_MARK, "?")[:LONGEST]


def fingerprint(statement: str) -> str:
    """32 hex digits of a normalised statement."""
    return sha256(statement.encode("utf-8", "replace")).hexdigest()[:32]


def is_read(statement: str) -> bool:
    """Whether a normalised statement is one SELECT (or WITH), and so may be planned on request."""
    return bool(_READS.match(statement)) and ";" not in statement.rstrip("; ") and len(statement) < LONGEST


def is_control(sql: str) -> bool:
    """Whether it only opens, marks or ends a transaction."""
    return sql.lstrip()[:9].upper().startswith(("SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "BEGIN", "SET "))


def _one_blank(match: re.Match[str]) -> str:
    return " " if match.group().isspace() else match.group()


def _replaced(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind in ("comment", "space"):
        return " "
    if match["typed"]:
        return f"?::{match['type'].lower()}"
    if kind in ("string", "number", "parameter") or match["dollar"]:
        return "?"
    return match.group()
