"""What a coin is worth now. Nothing here touches the network: Redis, PostgreSQL, then what is built in."""

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_UP, Decimal, localcontext
from typing import Final, cast

from django.core.cache import cache
from django.db import DatabaseError

from marketplace.core import replica
from marketplace.core.cache import depends, engine
from marketplace.core.errors import NotFound, Unavailable
from marketplace.rates.coins import COINS, PAIRS, Pair, builtin
from marketplace.rates.tiers import AGES, INDICATIVE, PRICING, Known, Quoted, tier_of

logger = logging.getLogger(__name__)

# Not a family of core.cache: a page inherits the life of what it is made of, and would be made anew with every poll or every
# few seconds. Here it is the rate's own tier that ends a page, and what is old is still shown while nobody answers at all.
CACHE_KEY: Final = "rates:1"
# Seconds for which a process believes the board it has; also how long it leaves a failing store alone.
BELIEVED: Final = 5.0
# Seconds for which a page may go on showing a built-in price: there may be a rate again.
LOOKED_FOR: Final = 60.0

# A rate older than this says nothing any more; the bound also leaves all older months unread.
REMEMBERED: Final = timedelta(days=7)

_LATEST = """
SELECT pair.coin, pair.currency, rate.price, rate.quoted_at, rate.source
FROM unnest(%s::text[], %s::text[]) AS pair (coin, currency)
CROSS JOIN LATERAL (
    SELECT price, quoted_at, source FROM rates_rate
    WHERE coin = pair.coin AND currency = pair.currency AND taken_at > %s ORDER BY taken_at DESC LIMIT 1
) AS rate
"""


class RateTooOld(Unavailable):
    """No rate of the coin is young enough to price anything: offer another way to pay, or try again in some minutes."""

    code = "rate_too_old"


@dataclass(frozen=True, slots=True)
class Entry:
    """The last good rate of a pair and where it came from."""

    quoted: Quoted
    source: str


@dataclass
class _Memory:
    """The board of this process, for some seconds; one thread looks for the next one while the others go on with this."""

    lock: threading.Lock
    board: Mapping[Pair, Entry] | None = None
    until: float = 0.0
    looking: bool = False


_memory = _Memory(threading.Lock())


def known(pair: Pair, *, now: datetime) -> Known:
    """The rate of a pair as it stands. Raises KeyError for a pair that the hall does not keep.

    Whatever is kept and shows it is to be made again when the rate leaves its tier.
    """
    entry = board(now=now).get(pair)
    if entry is None or (tier := tier_of(entry.quoted.quoted_at, now)) == "builtin":
        depends.note({}, soft_at=now.timestamp() + LOOKED_FOR)
        return Known(pair, builtin(pair), "builtin", "built in", None)
    depends.note({}, soft_at=(entry.quoted.quoted_at + AGES[tier]).timestamp())
    return Known(pair, entry.quoted.price, tier, entry.source, entry.quoted.quoted_at)


def amount_in(coin: str, amount: Decimal, currency: str, *, now: datetime) -> tuple[Decimal, Known]:
    """``amount`` of a currency in units of the coin, rounded up to its smallest unit, and the rate that was used."""
    rate = known(Pair(coin, currency), now=now)
    smallest = Decimal(1).scaleb(-COINS[coin].decimals)
    with localcontext(prec=60):
        return (amount / rate.price).quantize(smallest, rounding=ROUND_UP), rate


def for_invoice(coin: str, currency: str, *, now: datetime) -> Known:
    """The rate that an invoice may be made from: at most 15 minutes old, from PostgreSQL itself.

    Raises RateTooOld when there is none, NotFound for a pair that the hall does not keep.
    """
    pair = Pair(coin, currency)
    if pair not in PAIRS:
        raise NotFound(f"Prices in {currency} cannot be paid in {coin}: choose another coin.")
    with replica.primary():
        entry = last_good([pair], now=now).get(pair)
    tier = tier_of(entry.quoted.quoted_at, now) if entry else "builtin"
    if entry is None or tier not in PRICING:
        raise RateTooOld(
            f"There is no rate of {coin} younger than 15 minutes: pay in another way, or try again soon.",
            retry_after=60.0,
        )
    return Known(pair, entry.quoted.price, tier, entry.source, entry.quoted.quoted_at)


def youngest(*, now: datetime) -> float | None:
    """Seconds since the latest good rate; None when there is none to speak of."""
    times = [entry.quoted.quoted_at for entry in board(now=now).values()]
    return (now - max(times)).total_seconds() if times else None


def unusable(*, now: datetime) -> int:
    """How many pairs have no rate that an invoice may be made from."""
    kept = board(now=now)
    return sum(pair not in kept or tier_of(kept[pair].quoted.quoted_at, now) not in PRICING for pair in PAIRS)


def last_good(pairs: Sequence[Pair] = PAIRS, *, now: datetime) -> dict[Pair, Entry]:
    """The last accepted rate of each pair, from PostgreSQL: what the next one is compared with."""
    coins, currencies = [pair.coin for pair in pairs], [pair.currency for pair in pairs]
    with replica.reader().cursor() as cursor:
        cursor.execute(_LATEST, [coins, currencies, now - REMEMBERED])
        rows = cursor.fetchall()
    return {
        Pair(coin, currency): Entry(Quoted(Pair(coin, currency), price, quoted_at), source)
        for coin, currency, price, quoted_at, source in rows
    }


def remember(kept: Mapping[Pair, Entry]) -> None:
    """Puts the board where all processes read it first; a Redis that is away costs nothing but that."""
    cache.set(CACHE_KEY, [_packed(entry) for entry in kept.values()], timeout=int(INDICATIVE.total_seconds()))
    _keep(kept)


def forget() -> None:
    """Makes this process look again."""
    with _memory.lock:
        _memory.board, _memory.until = None, 0.0


def board(*, now: datetime) -> Mapping[Pair, Entry]:
    """The last good rate of every pair as this process knows it; at most some seconds behind."""
    with _memory.lock:
        if _memory.board is not None:
            if _memory.looking or time.monotonic() < _memory.until:
                return _memory.board
            _memory.looking = True
    try:
        return _keep(_look(now))
    finally:
        with _memory.lock:
            _memory.looking = False


def _keep(kept: Mapping[Pair, Entry]) -> Mapping[Pair, Entry]:
    with _memory.lock:
        _memory.board, _memory.until = kept, time.monotonic() + BELIEVED
    return kept


def _look(now: datetime) -> Mapping[Pair, Entry]:
    # A Redis that hangs is asked by the cache's own link once in a while, not by every page that shows a rate.
    if not engine().link.down and (shared := _unpacked(cache.get(CACHE_KEY))):
        return shared
    try:
        kept = last_good(now=now)
    except DatabaseError as error:
        logger.warning("rates.unreadable", extra={"error": type(error).__name__})
        with _memory.lock:
            # What was known a moment ago is still the best there is; its age says how good.
            return _memory.board or {}
    if kept:
        # Never over what a poll has put there meanwhile.
        cache.add(CACHE_KEY, [_packed(entry) for entry in kept.values()], timeout=60)
    return kept


def _packed(entry: Entry) -> tuple[str, str, str, float, str]:
    quoted = entry.quoted
    return (quoted.pair.coin, quoted.pair.currency, str(quoted.price), quoted.quoted_at.timestamp(), entry.source)


def _unpacked(packed: object) -> dict[Pair, Entry]:
    """The board as it was put there; empty for anything else, such as what another version of the code has left."""
    try:
        return {
            entry.quoted.pair: entry for entry in map(_entry, cast("list[tuple[str, str, str, float, str]]", packed))
        }
    except (TypeError, ValueError, ArithmeticError):
        return {}


def _entry(row: tuple[str, str, str, float, str]) -> Entry:
    coin, currency, price, at, source = row
    exact = Decimal(price)
    if not (exact.is_finite() and exact > 0):
        raise ValueError(f"{price} is no price")
    return Entry(Quoted(Pair(coin, currency), exact, datetime.fromtimestamp(at, UTC)), source)
