"""What secrets look like in text, and how each shape is masked.

Every pattern is linear in the length of the text: it starts where a run of its characters starts (a lookbehind), or each of
its repetitions is bounded.
"""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

MASK: Final = "[masked]"

Mask: TypeAlias = Callable[[str], str]

# --- numbers --------------------------------------------------------------------------------------------------------

# A UUID of our own and the fraction of a duration (0.123…) are looked at as what they are, not as the digits in them.
_DIGITS = re.compile(
    r"(?<![0-9A-Za-z-])(?P<uuid>[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})(?![0-9A-Za-z-])"
    r"|(?<![0-9])(?<![0-9]\.)[0-9](?:(?:[ +-]|%20)?[0-9]){12,}"
)
# The first digits of the card networks; numbers that start otherwise (a timestamp, 1…) are no cards.
_CARD_STARTS = frozenset({2, 3, 4, 5, 6})
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[0-9]{2}(?:(?:[ +-]|%20)?[A-Za-z0-9]){11,30}")
_SEPARATORS = re.compile(r"%20|[ +-]")


# What a digit adds to the sum of ISO/IEC 7812-1 where it is doubled.
_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def _has_card(match: re.Match[str]) -> str:
    """Masks the whole run when a card number stands anywhere in it: digits before or after do not hide one.

    ISO/IEC 7812-1: doubling every second digit from the right, the sum of all digits ends in 0. Running sums, one for each
    half of the places to double, make that two lookups per candidate: a run may be long.
    """
    if match["uuid"]:
        return match[0]
    digits = [int(digit) for digit in _SEPARATORS.sub("", match[0])]
    sums = ([0], [0])
    for place, digit in enumerate(digits):
        for half in (0, 1):
            sums[half].append(sums[half][-1] + (_DOUBLED[digit] if place % 2 == half else digit))
    for end in range(13, len(digits) + 1):
        running = sums[end % 2]
        for start in range(max(0, end - 19), end - 12):
            if digits[start] in _CARD_STARTS and (running[end] - running[start]) % 10 == 0:
                return MASK
    return match[0]


def _has_iban(match: re.Match[str]) -> str:
    """ISO 13616: moved to the end and with letters as 10 to 35, the first four leave 1 modulo 97."""
    compact = _SEPARATORS.sub("", match[0]).upper()
    for length in range(15, len(compact) + 1):
        moved = compact[4:length] + compact[:4]
        if int("".join(str(int(letter, 36)) for letter in moved)) % 97 == 1:
            return MASK
    return match[0]


# --- tokens ---------------------------------------------------------------------------------------------------------

_RUN = re.compile(r"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{32,}")
_PROVIDER = re.compile(
    r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9_]{3,}|whsec_[A-Za-z0-9_+/=]{3,}|_secret_[A-Za-z0-9]{6,}"
    r"|xkeysib-[A-Za-z0-9-]{8,}|CG-[A-Za-z0-9]{16,}|A[KS]IA[A-Z0-9]{12,}"
)
_JWT = re.compile(r"(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*(?:\.[A-Za-z0-9_-]*){0,3}")
# What Django's signing makes: value:time:signature.
_SIGNED = re.compile(r"(?<![A-Za-z0-9_:.-])[A-Za-z0-9_.-]+:[A-Za-z0-9]{6}:[A-Za-z0-9_-]{20,}")
_SCHEME = re.compile(r"(?i)(?<![a-z])(bearer|basic|digest)(?:\s|%20|\+){1,4}[^\s,;'\"<>]{4,}")
_HASH = re.compile(r"(?<![A-Za-z0-9])(?:pbkdf2_\w{1,20}|argon2\w{0,4}|bcrypt\w{0,10}|scrypt)\$[^\s'\",)\]}]{4,}")
_PRIVATE_KEY = re.compile(r"(?s)-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----.*?(?:-----END [A-Z ]{0,40}-----|\Z)")


def _is_random(match: re.Match[str]) -> str:
    """Masks session keys, CSRF tokens and link tokens; spares hexadecimal digests, UUIDs and names."""
    run = match[0]
    if not any(letter.isdigit() for letter in run):
        return run
    mixed = run.lower() != run and run.upper() != run
    plain = run.isalnum() and any(letter in "ghijklmnopqrstuvwxyz" for letter in run.lower())
    return MASK if mixed or plain else run


# --- named values ---------------------------------------------------------------------------------------------------

_QUOTES = r"[\\'\"]{0,4}"
_IS = r"\s{0,3}(?:[=:]|%3[dD]|,(?=\s?[\\'\"\[(]))>?\s{0,3}(?:[\[({](?!masked\])){0,2}(?:b(?=['\"]))?"
_VALUE = r"(?:\\{0,3}\"(?:[^\"\\\n]|\\.)*+\"?|\\{0,3}'(?:[^'\\\n]|\\.)*+'?|[^\s&;,'\"<>(){}\[\]]+)"
# These take the rest of the line with them, because their value may hold blanks, commas and further pairs.
_WHOLE_LINE = re.compile(
    r"(?i)((?:(?:set[-_])?cookie|authorization|pass(?:word|wd|phrase)|(?<![a-z])pwd)[\w-]{0,20}"
    rf"{_QUOTES}{_IS})[^\n]+"
)
_PAIR = re.compile(
    r"(?i)((?:secret|token|key|session(?:_?id)?|csrf|signature|credential|(?<![a-z])(?:auth|sig|otp|pin|cvc|cvv|iban|dsn))"
    rf"[\w-]{{0,20}}(?<!error){_QUOTES}{_IS})(?!\[masked\]){_VALUE}"
)
_USER_INFO = re.compile(r"(?<=://)[^\s/?#\"'<>]{1,500}@")
_EMAIL = re.compile(
    r"(?:(?<![\w.!#$%&*+/=?^`{|}~'-])[\w.!#$%&*+/=?^`{|}~'-]++|\"[^\"\n@]{1,64}\")@[\w-]++(?:\.[\w-]++)+"
)
_QUOTED_EMAIL = re.compile(r"(?i)(?<![\w.+-])[\w.+-]++%40[\w-]++(?:\.[\w-]++)+")
# Links that open something for whoever holds them.
_LINK = re.compile(r"(?i)((?:/reset/key|/reset/done|/confirm-email|/login/code)/)[^\s/?#'\"<>(]+")
# What PostgreSQL tells about a refused row is the row.
_DETAIL = re.compile(r"(?s)(DETAIL:).*?(?=\n\n|\nCONTEXT:|\nHINT:|\n {2}File |\Z)")
# The piece of the statement that it shows has its values in it.
_STATEMENT = re.compile(r"(\bLINE [0-9]{1,6}: )(?:(?!\\n)[^\n])+")
# What could not be read as a number, a date, a key.
_UNREADABLE = re.compile(
    r"((?:invalid input syntax for|invalid input value for|invalid literal for|could not convert|out of range for)[^:\n]{0,80}: "
    r"|\bbut got )[^\n]+"
)


# Looking for these first is ten times as fast as trying the patterns everywhere.
_LINE_WORDS = ("cookie", "authorization", "pass", "pwd")
_PAIR_WORDS = (
    *("secret", "token", "key", "session", "csrf", "signature", "credential"),
    *("auth", "sig", "otp", "pin", "cvc", "cvv", "iban", "dsn"),
)


def _named(text: str) -> str:
    if "=" not in text and ":" not in text and "," not in text and "%3" not in text:
        return text
    lowered = text.lower()
    if any(word in lowered for word in _LINE_WORDS):
        text = _WHOLE_LINE.sub(rf"\1{MASK}", text)
    if any(word in lowered for word in _PAIR_WORDS):
        text = _PAIR.sub(rf"\1{MASK}", text)
    return text


def _has_scheme(text: str) -> bool:
    lowered = text.lower()
    return "bearer" in lowered or "basic" in lowered or "digest" in lowered


def _mails(text: str) -> str:
    return _EMAIL.sub(MASK, _USER_INFO.sub(f"{MASK}@", text)) if "@" in text else text


def _quoted_mails(text: str) -> str:
    return _QUOTED_EMAIL.sub(MASK, text) if "%40" in text else text


def _rows(text: str) -> str:
    if "DETAIL:" in text:
        text = _DETAIL.sub(rf"\1 {MASK}", text)
    if "LINE " in text:
        text = _STATEMENT.sub(rf"\1{MASK}", text)
    return (
        _UNREADABLE.sub(rf"\1{MASK}", text) if "invalid " in text or "could not" in text or "but got" in text else text
    )


def _keys(text: str) -> str:
    return _PRIVATE_KEY.sub(MASK, text) if "-----BEGIN" in text else text


def _random(text: str) -> str:
    return _RUN.sub(_is_random, text) if len(text) >= 32 else text


# In this order: what spans much comes before what it holds, and shapes come before names.
MASKS: Final[tuple[Mask, ...]] = (
    _keys,
    _rows,
    lambda text: _LINK.sub(rf"\1{MASK}", text),
    lambda text: _JWT.sub(MASK, text) if "eyJ" in text else text,
    lambda text: _SCHEME.sub(rf"\1 {MASK}", text) if _has_scheme(text) else text,
    lambda text: _PROVIDER.sub(MASK, text) if "_" in text or "-" in text or "IA" in text else text,
    lambda text: _HASH.sub(MASK, text) if "$" in text else text,
    _mails,
    _quoted_mails,
    _named,
    lambda text: _SIGNED.sub(MASK, text) if ":" in text else text,
    _random,
    lambda text: _IBAN.sub(_has_iban, text),
    lambda text: _DIGITS.sub(_has_card, text),
)
