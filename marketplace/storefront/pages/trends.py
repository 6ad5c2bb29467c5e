"""What a card says of its price through time: a sparkline, a move, a badge."""

from collections.abc import Sequence

from marketplace.catalog.queries import CardRow
from marketplace.core.page_parts import Badge
from marketplace.storefront import formats
from marketplace.storefront.viewmodels import Delta, Spark

_WIDE, _HIGH = 100, 30
# Fewer days than this are no trend.
_LEAST_DAYS = 14


def delta(row: CardRow) -> Delta | None:
    """The present price against the lowest of the 30 days before it began, in whole percent towards none."""
    if row.prior_low is None or not row.in_stock:
        return None
    percent = abs(row.price_minor - row.prior_low) * 100 // row.prior_low
    if not percent:
        return None
    return Delta(f"{percent}%", "down" if row.price_minor < row.prior_low else "up")


def badge(row: CardRow) -> Badge | None:
    """Only what is true, and has been watched for long enough to be."""
    return Badge("Lowest ever", "citron") if row.lowest_ever else None


def spark(row: CardRow, move: Delta | None) -> Spark | None:
    """The lowest asking price of 90 days as a step line; None for what is too new."""
    if not row.lows:
        return None
    stale = min(row.stale_days, len(row.lows))
    lows = [*row.lows[stale:], *([row.price_minor] * stale)]
    first = next((place for place, low in enumerate(lows) if low is not None), len(lows))
    known = [low for low in lows if low is not None]
    if len(lows) - first < _LEAST_DAYS or not known:
        return None
    path, end = _path(lows, min(known), max(known))
    return Spark(path, end, _words(known, len(lows) - first), move.direction if move else "flat")


def _path(lows: Sequence[int | None], lowest: int, highest: int) -> tuple[str, str]:
    last = len(lows) - 1
    parts: list[str] = []
    level: int | None = None
    for place, low in enumerate(lows):
        x = place * _WIDE / last
        if low == level:
            continue
        if low is None:
            parts.append(f"H{x:.4g}")
        elif level is None:
            parts.append(f"M{x:.4g} {_y(low, lowest, highest)}")
        else:
            parts.append(f"H{x:.4g}V{_y(low, lowest, highest)}")
        level = low
    end = "" if level is None else f"{_WIDE} {_y(level, lowest, highest)}"
    return "".join([*parts, f"H{_WIDE}"] if level is not None else parts), end


def _y(price: int, lowest: int, highest: int) -> str:
    """A line without ups and downs runs in the middle."""
    share = (highest - price) / (highest - lowest) if highest > lowest else 0.5
    return f"{2 + share * (_HIGH - 4):.3g}"


def _words(known: Sequence[int], days: int) -> str:
    low, high, now = formats.price(min(known)), formats.price(max(known)), formats.price(known[-1])
    if low == high:
        return f"Price over {days} days: {now} all the time"
    return f"Price over {days} days: from {formats.price(known[0])} to {now}, between {low} and {high}"
