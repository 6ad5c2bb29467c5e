"""Reads the process environment; a bad value stops the boot and names the variable.

Every variable may also be given as ``NAME_FILE``, a path whose first line holds the value (for mounted secrets).
"""

import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import overload


class BadEnvironment(RuntimeError):
    """A variable is missing or has a value that cannot be used; the message names it and says what to do."""


_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def _raw(name: str, environ: Mapping[str, str]) -> str | None:
    value = environ.get(name)
    path = environ.get(f"{name}_FILE")
    if value is not None and path:
        raise BadEnvironment(f"{name} and {name}_FILE are both set: keep one of them.")
    if not path:
        return value
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError as error:
        raise BadEnvironment(f"{name}_FILE points to {path!r}, which cannot be read: {error.strerror}.") from error


class _Required:
    """Marks a variable without default."""


REQUIRED = _Required()


@overload
def text(name: str, default: str | _Required = REQUIRED, *, environ: Mapping[str, str] | None = None) -> str: ...
@overload
def text(name: str, default: None, *, environ: Mapping[str, str] | None = None) -> str | None: ...
def text(
    name: str, default: str | _Required | None = REQUIRED, *, environ: Mapping[str, str] | None = None
) -> str | None:
    """The variable as text. Raises BadEnvironment when it is required and missing."""
    value = _raw(name, os.environ if environ is None else environ)
    if value:
        return value
    if isinstance(default, _Required):
        raise BadEnvironment(f"{name} is not set. Set it (see .env.example for its meaning).")
    return default


def flag(name: str, default: bool, *, environ: Mapping[str, str] | None = None) -> bool:
    """The variable as a boolean: 1/true/yes/on or 0/false/no/off."""
    value = _raw(name, os.environ if environ is None else environ)
    if value is None:
        return default
    lowered = value.strip().lower()
    if lowered in _TRUE:
        return True
    if lowered in _FALSE:
        return False
    raise BadEnvironment(f"{name}={value!r} is neither true nor false. Use 1 or 0.")


def number(name: str, default: int, *, least: int = 0, environ: Mapping[str, str] | None = None) -> int:
    """The variable as a whole number, at least ``least``."""
    value = _raw(name, os.environ if environ is None else environ)
    if not value:
        return default
    try:
        parsed = int(value)
    except ValueError:
        raise BadEnvironment(f"{name}={value!r} is not a whole number.") from None
    if parsed < least:
        raise BadEnvironment(f"{name}={parsed} is too small: at least {least}.")
    return parsed


def seconds(name: str, default: float, *, environ: Mapping[str, str] | None = None) -> float:
    """The variable as a positive duration in seconds; fractions allowed."""
    value = _raw(name, os.environ if environ is None else environ)
    if not value:
        return default
    try:
        parsed = float(value)
    except ValueError:
        raise BadEnvironment(f"{name}={value!r} is not a number of seconds.") from None
    if not 0 < parsed < float("inf"):
        raise BadEnvironment(f"{name}={value!r} must be a positive number of seconds.")
    return parsed


def words(name: str, default: tuple[str, ...] = (), *, environ: Mapping[str, str] | None = None) -> list[str]:
    """The variable as a comma-separated list; blanks around and empty items are dropped."""
    value = _raw(name, os.environ if environ is None else environ)
    if value is None:
        return list(default)
    return [word.strip() for word in value.split(",") if word.strip()]


def networks(name: str, *, environ: Mapping[str, str] | None = None) -> "list[IPv4Network | IPv6Network]":
    """The variable as a comma-separated list of networks or addresses, such as 10.0.0.0/8."""
    found = []
    for word in words(name, environ=environ):
        try:
            found.append(ip_network(word))
        except ValueError as error:
            raise BadEnvironment(f"{name}: {word!r} is not a network such as 10.0.0.0/8 ({error}).") from None
    return found


def secret(name: str, default: str | None = None, *, environ: Mapping[str, str] | None = None) -> str:
    """A required secret; the error never shows the value."""
    value = _raw(name, os.environ if environ is None else environ) or default
    if not value:
        raise BadEnvironment(f"{name} is not set. It is a secret: set it or {name}_FILE (see .env.example).")
    return value
