"""Reactions to prices that changed: their days and trends are computed again. Repeating one is harmless."""

from datetime import date, datetime
from typing import cast

from marketplace.core import events
from marketplace.prices import rollups


def recorded(payload: events.Payload, now: datetime) -> None:
    """Computes the days of these products from the day of the change on."""
    ids = cast(list[int], payload["product_ids"])
    rollups.roll_up(ids, since=date.fromisoformat(cast(str, payload["since"])), now=now)
