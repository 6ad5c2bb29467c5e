"""The market in numbers, for operators."""

from datetime import datetime

from marketplace.core import money
from marketplace.core.hall import currency
from marketplace.insights import queries
from marketplace.insights.matviews import MARKET
from monitoring.ops import panels
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body, Figure, Mark, clock


def register() -> None:
    """Called when the app is ready."""
    panels.register(Panel("market", "Market", market, 90, every=30.0, column="right", admin="insights_viewstate"))


def market(now: datetime) -> Body:
    """Stalls, goods and sales of 30 days, with the 30 days before in words."""
    found = queries.market()
    if found is None:
        return Body(Mark("idle", "Not counted yet"), note="The statistics are counted within half a minute.")
    sales, before = found.sales_30.get(currency(), 0), found.sales_before.get(currency(), 0)
    return Body(
        Mark("good", f"{found.orders_30:,} orders in 30 days"),
        figures=(
            Figure("Stalls", f"{found.stalls:,}"),
            Figure("Products", f"{found.products:,}"),
            Figure("In stock", f"{found.products_in_stock:,}"),
            Figure("Orders, 30 days", f"{found.orders_30:,}"),
            Figure("Sales, 30 days", money.short(sales, currency())),
        ),
        note=f"The 30 days before: {found.orders_before:,} orders, {money.short(before, currency())}. "
        f"As of {clock(queries.refreshed_at(MARKET), now)}.",
    )
