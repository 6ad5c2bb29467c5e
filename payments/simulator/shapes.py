"""What crosses module borders: JSON objects, requests, answers, tunable settings, ids."""

import json
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# A decoded JSON object. Its shape is Stripe's and is checked where it matters, by the real SDK in the tests.
Obj = dict[str, Any]

API_VERSION = "2026-10-28.endive"
PLATFORM_ACCOUNT = "acct_1AwningPlatform0"

_ALPHABET = string.ascii_letters + string.digits


@dataclass(frozen=True)
class Request:
    """One HTTP request as received; `query` and `body` are raw."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    client_host: str


@dataclass(frozen=True)
class Answer:
    """One HTTP answer, complete."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Settings:
    """Durations of what Stripe does slowly, all in seconds of the simulator's clock."""

    settlement_s: int = 0
    payout_s: int = 5
    processing_s: int = 0
    search_lag_s: int = 0


class ConnectionDropped(Exception):
    """The connection is to be closed without an answer."""


def new_id(prefix: str, length: int = 24) -> str:
    """A random identifier of Stripe's look, such as ``pi_3Kd…``."""
    return prefix + "_" + "".join(secrets.choice(_ALPHABET) for _ in range(length))


def public(obj: Obj) -> Obj:
    """The object without the simulator's private fields (their names begin with an underscore)."""
    return {name: value for name, value in obj.items() if not name.startswith("_")}


def encode(obj: Obj) -> bytes:
    """The JSON bytes sent on the wire, indented as Stripe's are."""
    return (json.dumps(obj, indent=2, ensure_ascii=False) + "\n").encode()


def json_answer(obj: Obj, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, encode(obj), headers=headers or {})


def html_answer(page: str, *, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """An answer with an HTML page."""
    return Answer(status, page.encode(), "text/html; charset=utf-8", headers or {})


def see_other(url: str) -> Answer:
    """A redirect that turns a form's POST into a GET."""
    return Answer(303, b"", "text/plain; charset=utf-8", {"Location": url})
