"""The one way out to a rate provider: bounded in time and bytes, JSON with exact decimals in, our errors out."""

import asyncio
import json
import re
import ssl
from collections.abc import Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final

import httpx

from marketplace.core.breaker import ANSWERED, Answered, Failure
from marketplace.core.db import forbid_transaction
from marketplace.core.errors import Unavailable
from monitoring.requests import ids

# CONTRACT "rates": 10 s for a call, from looking up the name to the last byte.
TOTAL_SECONDS: Final = 10.0
# A house that does not even greet, or falls silent in mid-answer, is given up sooner.
CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 5.0
# All pairs are a few kilobytes, a house's whole list some hundred.
MOST_BYTES: Final = 2_000_000
# A house that says "too many" without a usable time is asked again after a minute.
UNKNOWN_WAIT: Final = 60.0
# Beyond these, sums of ours would overflow; no price and no time is.
_LEAST, _MOST = Decimal(10) ** -30, Decimal(10) ** 30
_WRITTEN = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?([eE][+-]?[0-9]{1,2})?")
_SECONDS = re.compile(r"[0-9]+")


class ProviderFailed(Unavailable):
    """The provider did not answer, or with nothing usable; ``retry_after`` when it named a time (seconds)."""

    code = "rates_failed"


class ProviderRefused(Unavailable):
    """Our request or our key is wrong (4xx): asking again changes nothing, but the provider is well."""

    code = "rates_refused"


@dataclass(frozen=True, slots=True)
class Told:
    """A JSON answer with numbers as Decimal, and the provider's clock, None when it showed none."""

    content: object
    at: datetime | None


def judge(error: BaseException) -> Failure | Answered | None:
    """For the breaker: what an error says against the provider."""
    if isinstance(error, ProviderRefused):
        return ANSWERED
    if isinstance(error, ProviderFailed):
        return Failure(error.message, retry_after=error.retry_after or 0.0)
    return None


def get(url: str, *, params: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Told:
    """One GET. Raises ProviderFailed, ProviderRefused; OpenTransaction inside a transaction."""
    forbid_transaction("Asking for rates")
    # Plain bytes only: a small answer that unpacks into a huge one is no answer.
    sent = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "Awning"}
    request = _fetch(url, dict(params or {}), sent | dict(headers or {}) | ids.outgoing())
    try:
        # A thread of its own: whoever calls may have a loop of theirs.
        with ThreadPoolExecutor(1, thread_name_prefix="rates") as threads:
            body, clock = threads.submit(_run, request).result()
    except TimeoutError:
        raise ProviderFailed(f"no complete answer within {TOTAL_SECONDS:.0f} s") from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # The address may carry a key: the kind of error says enough.
        raise ProviderFailed(type(error).__name__) from None
    return Told(_parsed(body), _clock(clock))


def number(value: object) -> Decimal | None:
    """A JSON number as an exact Decimal of sane size; None for anything else, also for true, NaN, infinity and texts."""
    if not isinstance(value, Decimal) or not value.is_finite():
        return None
    return value if not value or _LEAST < value.copy_abs() < _MOST else None


def written(value: object) -> Decimal | None:
    """A number that a house sends as text: ASCII digits, at most a point and a small exponent; None for anything else."""
    if not isinstance(value, str) or not _WRITTEN.fullmatch(value):
        return None
    return number(Decimal(value))


def moment(seconds: Decimal | None) -> datetime | None:
    """A Unix time in seconds as aware UTC; None for anything that is none."""
    if seconds is None or not 0 < seconds < 10**11:
        return None
    return datetime.fromtimestamp(int(seconds), UTC)


def _run(request: Coroutine[None, None, tuple[bytes, str]]) -> tuple[bytes, str]:
    """The request within its time, whatever the other side does meanwhile: also one byte of a header a second.

    The loop is closed without waiting for its helpers: a look-up of a name that hangs cannot be stopped, only left behind.
    """
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(asyncio.wait_for(request, TOTAL_SECONDS))
    finally:
        loop.close()


async def _fetch(url: str, params: Mapping[str, str], headers: Mapping[str, str]) -> tuple[bytes, str]:
    timeout = httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS)
    async with (
        httpx.AsyncClient(timeout=timeout, trust_env=False, verify=_trusted()) as client,
        client.stream("GET", url, params=params, headers=headers) as response,
    ):
        _check_status(response)
        body = bytearray()
        async for piece in response.aiter_raw():
            body += piece
            if len(body) > MOST_BYTES:
                raise ProviderFailed(f"more than {MOST_BYTES:,} bytes")
        return bytes(body), response.headers.get("date", "")


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that a house's certificate may come from; reading them takes longer than a call."""
    return httpx.create_ssl_context(trust_env=False)


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    wait = response.headers.get("retry-after", "")
    if status == 200:
        if response.headers.get("content-encoding", "identity") != "identity":
            raise ProviderFailed("a packed answer that nobody asked for")
    elif status == 429 or (status == 503 and wait):
        raise ProviderFailed(f"status {status}", retry_after=_wait(wait))
    elif 400 <= status < 500 and status != 408:
        raise ProviderRefused(f"status {status}")
    else:
        raise ProviderFailed(f"status {status}")


def _wait(text: str) -> float:
    """Seconds until it may be asked again; the breaker's policy caps what is absurd."""
    if _SECONDS.fullmatch(text):
        return float(text[:9])
    until = _clock(text)
    return UNKNOWN_WAIT if until is None else max(0.0, (until - datetime.now(UTC)).total_seconds())


def _clock(text: str) -> datetime | None:
    """An HTTP date; None for what is none."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body, parse_float=Decimal, parse_int=Decimal, object_pairs_hook=_once)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise ProviderFailed("no JSON") from error


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """An object that says the same name twice means two things: none of them is believed."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found
