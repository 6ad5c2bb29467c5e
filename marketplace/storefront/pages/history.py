"""A product's price history: the chosen variant's lowest asking price, in any condition, and what was paid."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from marketplace.core.dates import day as day_text
from marketplace.core.hall import currency
from marketplace.core.money import symbol
from marketplace.core.page_parts import Badge, Link
from marketplace.orders.sold import Sale, sold
from marketplace.prices import queries as prices
from marketplace.prices.queries import DayRow, History, history
from marketplace.prices.steps import median, midnight
from marketplace.storefront import formats
from marketplace.storefront.pages import drawing
from marketplace.storefront.viewmodels.history import Chart, HistoryRow, PriceHistory, Stat

DEFAULT_RANGE = "1y"
# Days before today, and every how many of them the table has a row; the steps fit.
RANGES = {"1m": ("1M", 30, 1), "3m": ("3M", 90, 1), "6m": ("6M", 182, 7), "1y": ("1Y", 364, 7), "all": ("All", 0, 7)}
_NAMES = {
    "1m": "last month",
    "3m": "last 3 months",
    "6m": "last 6 months",
    "1y": "last 12 months",
    "all": "all prices kept",
}
# Fewer days than this are no history.
LEAST_DAYS = 7
YEAR = timedelta(days=365)
_EVER = date(2000, 1, 1)
# From so many sales in 90 days on their median says more than that of what was asked.
_ENOUGH_SALES = 5


@dataclass(frozen=True, slots=True)
class Told:
    """What was read for one variant: its days, its sales, the latest first, and when that was."""

    past: History
    sales: tuple[Sale, ...]
    now: datetime

    @property
    def today(self) -> date:
        return self.now.astimezone(UTC).date()

    @property
    def enough(self) -> bool:
        """Whether there is anything to draw."""
        days = self.past.days
        return len(days) >= LEAST_DAYS and any(day.low is not None for day in days)

    def year(self) -> Sequence[DayRow]:
        """The days of the last twelve months."""
        return [day for day in self.past.days if day.day > self.today - YEAR]

    def sold_since(self, days: int) -> list[Sale]:
        """Sales of the last so many days."""
        return [sale for sale in self.sales if sale.paid_at > self.now - timedelta(days=days)]


def read(*, product_id: int, variant_id: int | None, offer_id: int | None, wanted: str, now: datetime) -> Told:
    """Two statements: the days with the offer's own past, and the sales."""
    if variant_id is None:
        return Told(History(), (), now)
    since = _EVER if wanted == "all" else now.astimezone(UTC).date() - YEAR
    past = history(product_id=product_id, variant_id=variant_id, offer_id=offer_id, since=since, now=now)
    if not past.days:
        return Told(past, (), now)
    return Told(past, sold(variant_id=variant_id, since=midnight(past.days[0].day)), now)


def usual(told: Told) -> tuple[int, str] | None:
    """The median of 90 days and what it is made of: sales when there are five, else daily lowest asking prices."""
    sales = told.sold_since(prices.MEDIAN_DAYS)
    if len(sales) >= _ENOUGH_SALES and (middle := median(sale.price_minor for sale in sales)) is not None:
        return middle, f"from {len(sales)} sales"
    lows = prices.median_of_lows(told.past.days)
    return (lows, "of daily asking prices") if lows is not None else None


def claims(told: Told, price_minor: int) -> tuple[Badge | None, str]:
    """What may be said beside the price in the buy box: a reduction, or less than usual; and the sentence that proves it."""
    offer = told.past.offer
    if offer.present is None or offer.present.price_minor != price_minor:
        # The history is not where the offer is yet: say nothing.
        return None, ""
    before = prices.reduction(offer.present, now=told.now)
    if before is not None:
        began = formats.day(offer.present.began_at.date())
        text = f"{formats.price(before - price_minor)} less than before"
        return Badge(
            text, "drop", "arrow-down"
        ), f"Lowest price in the 30 days before {began}: {formats.price(before)}."
    known = told.past.since is not None and told.past.since <= told.today - timedelta(days=30)
    lowest = f"Lowest price in the last 30 days: {formats.price(offer.lowest_30)}." if offer.lowest_30 and known else ""
    middle = usual(told)
    if middle is not None and price_minor < middle[0]:
        text = f"{formats.price(middle[0] - price_minor)} under its 90-day median"
        return Badge(text, "plain", "arrow-down"), lowest
    return None, lowest


def panel(told: Told, *, wanted: str, href: str) -> PriceHistory:
    """The panel; ``href`` is the address of the page without its range."""
    if not told.enough:
        since = told.past.since
        kept = f" Prices of this one are kept since {day_text(since)}." if since else ""
        return PriceHistory(empty_text=f"Not enough history yet.{kept}")
    _, span, every = RANGES[wanted]
    days = _shown(told, span, every)
    return PriceHistory(
        ranges=tuple(Link(text, _href(href, key), current=key == wanted) for key, (text, _, _) in RANGES.items()),
        chart=_chart(told, days, wanted),
        day_head="Day" if every == 1 else "Week to",
        rows=tuple(_rows(told, days, every)),
        stats=_stats(told),
    )


def _href(href: str, key: str) -> str:
    chosen = "" if key == DEFAULT_RANGE else f"{'&' if '?' in href else '?'}range={key}"
    return f"{href}{chosen}#history"


def _shown(told: Told, span: int, every: int) -> Sequence[DayRow]:
    """The last days of the range, as many whole steps as are known; today is the last."""
    known = len(told.past.days) - 1
    length = min(span or known, known) // every * every
    return told.past.days[-(length + 1) :]


def _chart(told: Told, days: Sequence[DayRow], wanted: str) -> Chart | None:
    sales = [sale for sale in told.sales if sale.paid_at >= midnight(days[0].day)]
    extremes = prices.range_of(days)
    if extremes is None:
        return None
    lowest, highest = extremes
    frame = drawing.frame(days, [sale.price_minor for sale in sales])
    current = days[-1].closed
    return Chart(
        title=f"Price history, {_NAMES[wanted]}",
        summary=_summary(days, lowest, highest, len(sales)),
        ask=drawing.ask_path(frame, days),
        band=drawing.band_path(frame, days),
        sales=drawing.dots(frame, ((sale.paid_at, sale.price_minor) for sale in sales)),
        now=f"M{drawing.BOX} {frame.y(current):.1f}" if current is not None else "",
        now_y=f"{frame.y(current) / 10:.2f}" if current is not None else "",
        now_text=formats.price(current) if current is not None else "",
        now_width=drawing.pill_width(formats.price(current or 0)),
        ys=drawing.y_ticks(frame, current),
        xs=drawing.x_ticks(frame),
        marks=drawing.marks(frame, lowest, highest),
        unit=symbol(currency()),
    )


def _summary(days: Sequence[DayRow], lowest: DayRow, highest: DayRow, sales: int) -> str:
    now = days[-1].closed
    present = (
        f"The lowest asking price is {formats.price(now)} today" if now is not None else "Nobody asks a price today"
    )
    return (
        f"{present}; since {day_text(days[0].day)} it was {formats.price(lowest.low or 0)} at its lowest, on "
        f"{day_text(lowest.day)}, and {formats.price(highest.low or 0)} at its highest, on {day_text(highest.day)}. "
        f"{formats.plural(sales, 'sale', 'sales')} in that time."
    )


def _rows(told: Told, days: Sequence[DayRow], every: int) -> list[HistoryRow]:
    """One row per step; the crosshair walks along them, so they are as far from each other as the steps are."""
    units = Counter[date]()
    for sale in told.sales:
        units[sale.paid_at.astimezone(UTC).date()] += sale.quantity
    rows = []
    for place in range(0, len(days), every):
        part = days[max(place - every + 1, 0) : place + 1]
        lows = [day.low for day in part if day.low is not None]
        medians = [day.median for day in part if day.median is not None]
        rows.append(
            HistoryRow(
                day=day_text(days[place].day),
                low=_bare(min(lows, default=None)),
                median=_bare(median(medians)),
                sold=f"{sum(units[day.day] for day in part):,}",
            )
        )
    return rows


def _bare(price_minor: int | None) -> str:
    return "–" if price_minor is None else formats.price(price_minor).removeprefix(symbol(currency()))


def _stats(told: Told) -> tuple[Stat, ...]:
    found = [_last_sold(told)]
    if (middle := usual(told)) is not None:
        found.append(Stat("90-day median", formats.price(middle[0]), middle[1]))
    if (extremes := prices.range_of(told.year())) is not None:
        found.append(_range(told, *extremes))
    found.append(_per_month(told))
    return tuple(found)


def _last_sold(told: Told) -> Stat:
    if not told.sales:
        return Stat("Last sold", "–", "none in this time")
    sale = told.sales[0]
    when = f"{sale.paid_at.day} {sale.paid_at:%b}" + ("" if sale.paid_at > told.now - YEAR else f" {sale.paid_at:%Y}")
    condition = formats.CONDITIONS.get(sale.condition, sale.condition)
    return Stat("Last sold", formats.price(sale.price_minor), formats.listed((when, condition.lower())))


def _range(told: Told, lowest: DayRow, highest: DayRow) -> Stat:
    months = len(told.year()) // 30
    label = "12-month range" if months >= 12 else f"{max(months, 1)}-month range"
    low, high = formats.price(lowest.low or 0), formats.price(highest.low or 0)
    value = low if low == high else f"{low}–{high.removeprefix(symbol(currency()))}"
    note = (
        "never changed" if low == high else "lowest today" if lowest.day == told.today else f"lowest in {lowest.day:%B}"
    )
    return Stat(label, value, note)


def _per_month(told: Told) -> Stat:
    known = min(len(told.past.days), prices.MEDIAN_DAYS)
    units = sum(sale.quantity for sale in told.sold_since(known))
    per_month = units * 30 / known
    text = f"{per_month:.0f}" if per_month >= 1 or not units else "under 1"
    offers = told.past.days[-1].offers
    return Stat("Sold per month", text, f"{formats.plural(offers, 'offer', 'offers')} now")
