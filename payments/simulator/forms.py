"""Stripe's form encoding: brackets for nesting, everything text until read with a type."""

import re
from collections.abc import Collection
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from payments.simulator.errors import invalid, missing_param
from payments.simulator.shapes import Obj

_SEGMENT = re.compile(r"\[([^\]]*)\]")
_MAX_FIELDS = 2000
_MAX_DEPTH = 10


def decode(encoded: str) -> Obj:
    """The nested object meant by ``a=1&b[c]=2&d[]=3&e[0][f]=4``."""
    try:
        pairs = parse_qsl(encoded, keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise invalid("The request has too many parameters.") from error
    tree: Obj = {}
    for name, value in pairs:
        _place(tree, _path(name), value)
    return {name: _listed(value) for name, value in tree.items()}


def _path(name: str) -> list[str]:
    head, bracket, _ = name.partition("[")
    path = [head, *_SEGMENT.findall(name)] if bracket else [head]
    if len(path) > _MAX_DEPTH:
        raise invalid(f"Parameters are nested too deeply: {name[:60]}", param=head)
    return path


def _place(tree: Obj, path: list[str], value: str) -> None:
    node = tree
    for step in path[:-1]:
        child = node.setdefault(step or str(len(node)), {})
        if not isinstance(child, dict):
            raise invalid(f"Invalid object: {path[0]} is given both as a value and as an object.", param=path[0])
        node = child
    node[path[-1] or str(len(node))] = value


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdigit() for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(child) for key, child in value.items()}


def text(params: Obj, name: str, *, default: str | None = None) -> str | None:
    """The parameter as text; an empty value counts as absent."""
    value = params.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str):
        raise invalid(f"Invalid string: {value}", param=name)
    return value


def required(params: Obj, name: str) -> str:
    """The parameter as text, or the error that it is missing."""
    value = text(params, name)
    if value is None:
        raise missing_param(name)
    return value


def choice(params: Obj, name: str, allowed: Collection[str], *, default: str | None = None) -> str | None:
    """The parameter as one of the allowed words."""
    value = text(params, name, default=default)
    if value is not None and value not in allowed:
        raise invalid(f"Invalid {name}: must be one of {', '.join(sorted(allowed))}", param=name)
    return value


def integer(params: Obj, name: str, *, minimum: int | None = None) -> int | None:
    """The parameter as a whole number (amounts are minor units, times are Unix seconds)."""
    value = text(params, name)
    if value is None:
        return None
    if not re.fullmatch(r"-?\d{1,18}", value):
        raise invalid(f"Invalid integer: {value}", param=name, code="parameter_invalid_integer")
    number = int(value)
    if minimum is not None and number < minimum:
        raise invalid(
            f"This value must be greater than or equal to {minimum}.", param=name, code="parameter_invalid_integer"
        )
    return number


def boolean(params: Obj, name: str, *, default: bool = False) -> bool:
    """The parameter as true or false."""
    value = text(params, name)
    if value is None:
        return default
    if value not in ("true", "false"):
        raise invalid(f"Invalid boolean: {value}", param=name)
    return value == "true"


def mapping(params: Obj, name: str) -> Obj:
    """The parameter as a nested object; absent or emptied gives {}."""
    value = params.get(name)
    if value in (None, ""):
        return {}
    if not isinstance(value, dict):
        raise invalid("Invalid object", param=name)
    return value


def sequence(params: Obj, name: str) -> list[Any]:
    """The parameter as a list; absent gives []."""
    value = params.get(name)
    if value in (None, ""):
        return []
    if not isinstance(value, list):
        raise invalid("Invalid array", param=name)
    return value


def web_url(params: Obj, name: str) -> str | None:
    """The parameter as an absolute http(s) URL: anything else could run script when followed."""
    value = text(params, name)
    if value is None:
        return None
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise invalid("Not a valid URL", param=name, code="url_invalid")
    return value


def merge_metadata(current: Obj, params: Obj) -> Obj:
    """The metadata after an update: an empty value deletes its key, an emptied `metadata` deletes all."""
    if params.get("metadata") == "":
        return {}
    merged = dict(current)
    for key, value in mapping(params, "metadata").items():
        if not isinstance(value, str):
            raise invalid("Metadata values must be strings.", param=f"metadata[{key}]")
        if len(key) > 40 or len(value) > 500:
            raise invalid(
                "Metadata keys can be up to 40 characters long and values up to 500.", param=f"metadata[{key}]"
            )
        if value:
            merged[key] = value
        else:
            merged.pop(key, None)
    if len(merged) > 50:
        raise invalid("Metadata can have up to 50 keys.", param="metadata")
    return merged
