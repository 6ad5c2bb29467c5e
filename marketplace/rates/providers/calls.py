"""The one way out to a rate provider: bounded in time and bytes, JSON with exact decimals in, our errors out."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from typing import Final

import httpx

from marketplace.core.breaker import ANSWERED, Answered, Failure
from marketplace.core.db import forbid_transaction
from marketplace.core.errors import Unavailable
from monitoring.requests import ids

# CONTRACT "rates": 10 s for a call; the parts add up to less, because a read may begin just before the end.
CONNECT_SECONDS: Final = 2.0
READ_SECONDS: Final = 2.0
TOTAL_SECONDS: Final = 10.0
# All pairs are a few kilobytes, a house's whole list some hundred.
MOST_BYTES: Final = 2_000_000
# A provider that says "later" without a usable time is asked again after a minute.
UNKNOWN_WAIT: Final = 60.0
# Beyond these, sums of ours would overflow; no price and no time is.
_LEAST, _MOST = Decimal(10) ** -30, Decimal(10) ** 30


class ProviderFailed(Unavailable):
    """The provider did not answer, or with nothing usable; ``retry_after`` when it named a time (seconds)."""

    code = "rates_failed"


class ProviderRefused(Unavailable):
    """Our request or our key is wrong (4xx): asking again changes nothing, but the provider is well."""

    code = "rates_refused"


@dataclass(frozen=True, slots=True)
class Told:
    """A JSON answer with numbers as Decimal, and the provider's clock."""

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
    deadline = time.monotonic() + TOTAL_SECONDS - READ_SECONDS
    sent = {"Accept": "application/json", "User-Agent": "Awning", **(headers or {}), **ids.outgoing()}
    try:
        with (
            httpx.Client(timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS), trust_env=False) as client,
            client.stream("GET", url, params=dict(params or {}), headers=sent) as response,
        ):
            _check_status(response)
            return Told(_parsed(_body(response, deadline)), _clock(response))
    except httpx.HTTPError as error:
        # The address may carry a key: the kind of error says enough.
        raise ProviderFailed(type(error).__name__) from None


def decimal(value: object) -> Decimal | None:
    """A number or a text as an exact Decimal of sane size; None for anything else, also true, NaN and infinity."""
    if isinstance(value, bool) or not isinstance(value, Decimal | int | str):
        return None
    if isinstance(value, str) and len(value) > 40:
        return None
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return number if number.is_finite() and (not number or _LEAST < number.copy_abs() < _MOST) else None


def moment(value: object) -> datetime | None:
    """A Unix time in seconds as aware UTC; None for anything that is none."""
    number = decimal(value)
    if number is None or not 0 < number < 10**11:
        return None
    return datetime.fromtimestamp(int(number), UTC)


def _check_status(response: httpx.Response) -> None:
    status = response.status_code
    if status == 200:
        return
    if status == 429 or status >= 500:
        wait = _wait(response.headers.get("retry-after", "")) if status in (429, 503) else None
        raise ProviderFailed(f"status {status}", retry_after=wait)
    if 400 <= status < 500:
        raise ProviderRefused(f"status {status}")
    raise ProviderFailed(f"status {status}")


def _wait(text: str) -> float:
    if text.isdecimal() and len(text) < 7:
        return float(text)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return UNKNOWN_WAIT
    return max(0.0, (until.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _body(response: httpx.Response, deadline: float) -> bytes:
    body = bytearray()
    for piece in response.iter_bytes(65536):
        body += piece
        if len(body) > MOST_BYTES:
            raise ProviderFailed(f"more than {MOST_BYTES:,} bytes")
        if time.monotonic() > deadline:
            raise ProviderFailed(f"no complete answer within {TOTAL_SECONDS:.0f} s")
    return bytes(body)


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body, parse_float=Decimal, parse_int=_whole)
    except (ValueError, RecursionError, InvalidOperation) as error:
        raise ProviderFailed("no JSON") from error


def _whole(text: str) -> Decimal:
    """Python refuses whole numbers of thousands of digits; a Decimal takes and the checks refuse them."""
    return Decimal(text)


def _clock(response: httpx.Response) -> datetime | None:
    try:
        return parsedate_to_datetime(response.headers.get("date", "")).astimezone(UTC)
    except ValueError:
        return None
