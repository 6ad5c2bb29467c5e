"""Keeps the materialized views up to date, outside every transaction of buyers and sellers."""

from marketplace.insights.services.dirty import goods_changed, mark_dirty, refund_done, refund_failed, sold
from marketplace.insights.services.popularity import apply_popularity
from marketplace.insights.services.refreshing import refresh, refresh_all, refresh_due

__all__ = [
    "apply_popularity",
    "goods_changed",
    "mark_dirty",
    "refresh",
    "refresh_all",
    "refresh_due",
    "refund_done",
    "refund_failed",
    "sold",
]
