"""What a coin is worth now. Nothing here touches the network: Redis, PostgreSQL, then what is built in."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_UP, Decimal
from typing import Final

from django.core.cache import cache
from django.db import DatabaseError, connection

from marketplace.rates.coins import COINS, PAIRS, Pair, builtin
from marketplace.rates.tiers import INDICATIVE, Known, Quoted, tier_of

logger = logging.getLogger(__name__)

CACHE_KEY: Final = "rates:1"
# Seconds for which a process believes the board it has; also how long it leaves a failing store alone.
BELIEVED: Final = 5.0

_LATEST = """
SELECT pair.coin, pair.currency, rate.price, rate.quoted_at, rate.source
FROM unnest(%s::text[], %s::text[]) AS pair (coin, currency)
CROSS JOIN LATERAL (
    SELECT price, quoted_at, source FROM rates_rate
    WHERE coin = pair.coin AND currency = pair.currency ORDER BY taken_at DESC LIMIT 1
) AS rate
"""


@dataclass(frozen=True, slots=True)
class Entry:
    """The last good rate of a pair and where it came from."""

    quoted: Quoted
    source: str


@dataclass
class _Memory:
    """The board of this process, for some seconds."""

    lock: threading.Lock
    board: Mapping[Pair, Entry] | None = None
    until: float = 0.0


_memory = _Memory(threading.Lock())


def known(pair: Pair, *, now: datetime) -> Known:
    """The rate of a pair as it stands. Raises KeyError for a pair that the hall does not keep."""
    entry = _board().get(pair)
    if entry is not None and (tier := tier_of(entry.quoted.quoted_at, now)) != "builtin":
        return Known(pair, entry.quoted.price, tier, entry.source, entry.quoted.quoted_at)
    return Known(pair, builtin(pair), "builtin", "built in", None)


def amount_in(coin: str, amount: Decimal, currency: str, *, now: datetime) -> tuple[Decimal, Known]:
    """``amount`` of a currency in units of the coin, rounded up to its smallest unit, and the rate that was used."""
    rate = known(Pair(coin, currency), now=now)
    smallest = Decimal(1).scaleb(-COINS[coin].decimals)
    return (amount / rate.price).quantize(smallest, rounding=ROUND_UP), rate


def youngest(*, now: datetime) -> float | None:
    """Seconds since the latest good rate; None when there is none to speak of."""
    times = [entry.quoted.quoted_at for entry in _board().values()]
    return (now - max(times)).total_seconds() if times else None


def unusable(*, now: datetime) -> int:
    """How many pairs have no rate that an invoice may be made from."""
    board = _board()
    return sum(
        pair not in board or tier_of(board[pair].quoted.quoted_at, now) not in ("fresh", "acceptable") for pair in PAIRS
    )


def last_good(pairs: Sequence[Pair] = PAIRS) -> dict[Pair, Entry]:
    """The last accepted rate of each pair, from PostgreSQL: what the next one is compared with."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [[pair.coin for pair in pairs], [pair.currency for pair in pairs]])
        rows = cursor.fetchall()
    return {
        Pair(coin, currency): Entry(Quoted(Pair(coin, currency), price, quoted_at), source)
        for coin, currency, price, quoted_at, source in rows
    }


def remember(board: Mapping[Pair, Entry]) -> None:
    """Puts the board where all processes read it first; a Redis that is away costs nothing but that."""
    cache.set(CACHE_KEY, [_packed(entry) for entry in board.values()], timeout=int(INDICATIVE.total_seconds()))
    _keep(board)


def forget() -> None:
    """Makes this process look again."""
    with _memory.lock:
        _memory.board, _memory.until = None, 0.0


def _board() -> Mapping[Pair, Entry]:
    with _memory.lock:
        if _memory.board is not None and time.monotonic() < _memory.until:
            return _memory.board
    return _keep(_look())


def _keep(board: Mapping[Pair, Entry]) -> Mapping[Pair, Entry]:
    with _memory.lock:
        _memory.board, _memory.until = board, time.monotonic() + BELIEVED
    return board


def _look() -> Mapping[Pair, Entry]:
    packed = cache.get(CACHE_KEY)
    if isinstance(packed, list) and packed:
        return {entry.quoted.pair: entry for entry in map(_unpacked, packed)}
    try:
        board = last_good()
    except DatabaseError as error:
        logger.warning("rates.unreadable", extra={"error": type(error).__name__})
        with _memory.lock:
            # What was known a moment ago is still the best there is; its age says how good.
            return _memory.board or {}
    if board:
        cache.set(CACHE_KEY, [_packed(entry) for entry in board.values()], timeout=60)
    return board


def _packed(entry: Entry) -> tuple[str, str, str, float, str]:
    quoted = entry.quoted
    return (quoted.pair.coin, quoted.pair.currency, str(quoted.price), quoted.quoted_at.timestamp(), entry.source)


def _unpacked(row: tuple[str, str, str, float, str]) -> Entry:
    coin, currency, price, at, source = row
    return Entry(Quoted(Pair(coin, currency), Decimal(price), datetime.fromtimestamp(at, UTC)), source)
