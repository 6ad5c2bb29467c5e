"""What may be written down: fields that are known, in text without secrets. Logs and error reports pass through here.

``scrub_fields`` is an allow-list: an unknown name keeps its name and loses its value. Known values, and everything that is
free text, go through ``scrub_text``. Needs neither Django nor settings: the environment teaches it as it is read.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus, unquote, urlsplit
from uuid import UUID

from monitoring.requests.fields import KNOWN
from monitoring.requests.masks import MASK, MASKS

REMOVED: Final = "[removed]"
# Characters of one text; what is longer loses its middle or its end.
LIMIT: Final = 16_000
# Shorter values would mask ordinary words.
SHORTEST_SECRET: Final = 8
MOST_ITEMS: Final = 40
DEEPEST: Final = 4
# No secret we know of is longer; so much is dropped beside a cut, lest a half of one stays.
_MARGIN: Final = 512
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{0,40}")


@dataclass
class _Lessons:
    """What the environment and the other floors have taught."""

    secrets: tuple[str, ...] = ()
    known: set[str] = field(default_factory=lambda: set(KNOWN))


_lessons = _Lessons()


def learn(*values: str) -> None:
    """Masks these values from now on, wherever they appear; lists with commas count as one and as each."""
    found = set(_lessons.secrets)
    for value in values:
        for word in {value, *value.split(",")}:
            found.update(_spellings(word.strip()))
    # The longest first: a secret may contain another.
    _lessons.secrets = tuple(sorted(found, key=lambda secret: (-len(secret), secret)))
    _remembered.cache_clear()


def learn_url(url: str) -> None:
    """Masks the password of an address, as it is written and as it is meant."""
    try:
        password = urlsplit(url).password
    except ValueError:
        return
    if password:
        learn(password, unquote(password))


def allow(*names: str) -> None:
    """Adds names of fields whose values may be written down. Call it from ``AppConfig.ready`` or beside the log call."""
    _lessons.known.update(names)


def is_known(name: str) -> bool:
    """Whether a field of this name keeps its value."""
    return name in _lessons.known


def scrub_text(text: str, *, limit: int = LIMIT) -> str:
    """The text without secrets, at most ``limit`` characters: beginning and end of a longer one."""
    if len(text) <= _SHORT:
        return _remembered(text)
    if len(text) <= limit:
        return _masked(text)
    # The beginning says what it is, the end of a traceback what went wrong.
    half = limit // 2
    head, tail = _masked(text[: half + _MARGIN])[:-_MARGIN], _masked(text[-half - _MARGIN :])[_MARGIN:]
    return f"{head} […{len(text) - limit} characters…] {tail}"


def scrub_fields(fields: Mapping[str, object]) -> dict[str, object]:
    """The fields as plain values (text, numbers, lists, dictionaries): unknown names lose their value."""
    return _scrub_mapping(fields, DEEPEST)


def scrub_error(error: BaseException) -> str:
    """What an error says, with its type, without secrets."""
    return scrub_text(f"{type(error).__name__}: {_said(error)}")


def _said(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 - a broken __str__ must not break the log
        return REMOVED


# Longest text whose result is remembered: names of events repeat, messages do not.
_SHORT: Final = 64


@lru_cache(maxsize=2048)
def _remembered(text: str) -> str:
    return _masked(text)


def _masked(text: str) -> str:
    for secret in _lessons.secrets:
        if secret in text:
            text = text.replace(secret, MASK)
    for mask in MASKS:
        text = mask(text)
    return text


def _spellings(secret: str) -> Iterable[str]:
    """A secret as it is, in an address, in a form and in a literal."""
    if len(secret) < SHORTEST_SECRET:
        return ()
    return {secret, quote(secret, safe=""), quote_plus(secret), repr(secret)[1:-1], secret.replace('"', '\\"')}


def _scrub_mapping(fields: Mapping[object, object] | Mapping[str, object], depth: int) -> dict[str, object]:
    scrubbed: dict[str, object] = {}
    for number, (name, value) in enumerate(fields.items()):
        if number == MOST_ITEMS:
            scrubbed["more"] = len(fields) - MOST_ITEMS
            break
        if isinstance(name, str) and name in _lessons.known:
            scrubbed[name] = _scrub_value(value, depth)
        else:
            scrubbed[_name_of(name)] = REMOVED
    return scrubbed


def _name_of(name: object) -> str:
    """An unknown name may itself be data: it stays only if it looks like a name."""
    return name if isinstance(name, str) and _NAME.fullmatch(name) and scrub_text(name) == name else "[unknown]"


def _scrub_value(value: object, depth: int) -> object:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        # A subclass of str may say something else when it is written.
        return scrub_text(str(value))
    if isinstance(value, int | float):
        # No card number, and nothing that JSON cannot say.
        return value if abs(value) < 10**12 else scrub_text(str(value))
    if depth > 0 and isinstance(value, Mapping):
        return _scrub_mapping(value, depth - 1)
    if depth > 0 and isinstance(value, list | tuple | set | frozenset):
        return [_scrub_value(item, depth - 1) for item in list(value)[:MOST_ITEMS]]
    return _scrub_other(value)


def _scrub_other(value: object) -> str:
    if isinstance(value, bytes | bytearray | memoryview):
        return scrub_text(bytes(value).decode("utf-8", "replace"))
    if isinstance(value, BaseException):
        return scrub_error(value)
    if isinstance(value, UUID | Decimal | date | timedelta):
        return scrub_text(str(value))
    if isinstance(value, type):
        return value.__name__
    # What a model or a request says about itself may be anything.
    return f"<{type(value).__name__}>"
