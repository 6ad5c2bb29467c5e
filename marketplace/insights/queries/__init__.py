"""Reads of the statistics, for pages. They may be some minutes old: ``refreshed_at`` says from when they are."""

from marketplace.insights.queries.goods import WHOLE_MARKET, PriceSpread, most_wanted, price_spread
from marketplace.insights.queries.market import Market, market
from marketplace.insights.queries.sales import DaySales, seller_days
from marketplace.insights.queries.state import State, refreshed_at, states

__all__ = [
    "WHOLE_MARKET",
    "DaySales",
    "Market",
    "PriceSpread",
    "State",
    "market",
    "most_wanted",
    "price_spread",
    "refreshed_at",
    "seller_days",
    "states",
]
