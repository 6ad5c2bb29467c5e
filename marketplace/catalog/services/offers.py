"""Offers: what a stall asks for a variant. Every price goes through this module."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, connection, transaction

from marketplace.catalog import facts
from marketplace.catalog.errors import BadProduct
from marketplace.catalog.models import Offer, ProductVariant
from marketplace.catalog.services import asks
from marketplace.core import events
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.hall import currency
from marketplace.core.money import text

# Ten million in a currency with two decimals: above it is a typing mistake, and sums still fit the column.
MAX_PRICE_MINOR = 1_000_000_000

# Rows are locked in key order first, so that two callers never wait for each other in a ring.
_CHANGE_PRICES = """
WITH wanted AS (
    SELECT offer.id, wanted.price_minor AS new_minor, offer.price_minor AS old_minor, variant.product_id
    FROM unnest(%(ids)s::bigint[], %(prices)s::bigint[]) AS wanted (id, price_minor)
    JOIN catalog_offer offer ON offer.id = wanted.id
    JOIN catalog_productvariant variant ON variant.id = offer.variant_id
    WHERE offer.price_minor <> wanted.price_minor
    ORDER BY offer.id
    FOR UPDATE OF offer
)
UPDATE catalog_offer offer SET price_minor = wanted.new_minor, updated_at = %(now)s
FROM wanted WHERE offer.id = wanted.id
RETURNING offer.id, wanted.product_id, wanted.old_minor, wanted.new_minor
"""


@dataclass(frozen=True, slots=True)
class PriceChange:
    """A price that moved, in minor units; ``old_minor`` is None for an offer that is new."""

    offer_id: int
    product_id: int
    old_minor: int | None
    new_minor: int


def create_offer(
    *,
    seller_id: int,
    variant_id: int,
    sku: str,
    price_minor: int,
    now: datetime,
    condition: str = Offer.Condition.NEW,
    note: str = "",
) -> Offer:
    """A stall's offer; it is sold out until inventory receives stock. Price in minor units.

    Raises BadProduct per field, Conflict for an SKU the stall has used, NotFound for the variant.
    """
    product_id = ProductVariant.objects.filter(pk=variant_id).values_list("product_id", flat=True).first()
    if product_id is None:
        raise NotFound("There is no such variant.")
    offer = Offer(
        seller_id=seller_id,
        variant_id=variant_id,
        sku=_sku(sku),
        price_minor=checked_price(price_minor),
        condition=_condition(condition),
        note=note.strip()[:200],
        created_at=now,
        updated_at=now,
    )
    with transaction.atomic():
        try:
            with transaction.atomic():
                offer.save(force_insert=True)
        except IntegrityError as error:
            raise Conflict(
                f"The stall uses the SKU {offer.sku} already: change that offer, or take another."
            ) from error
        record_prices([PriceChange(offer.pk, product_id, None, offer.price_minor)], now=now)
        facts.products_changed([product_id], now=now)
    return offer


def update_offer(
    *,
    offer_id: int,
    now: datetime,
    sku: str | None = None,
    condition: str | None = None,
    note: str | None = None,
    status: str | None = None,
) -> Offer:
    """Changes what is given; the price has ``change_prices``. Raises BadProduct, Conflict, NotFound."""
    with transaction.atomic():
        offer = Offer.objects.select_for_update().select_related("variant").filter(pk=offer_id).first()
        if offer is None:
            raise NotFound("There is no such offer.")
        if sku is not None:
            offer.sku = _sku(sku)
        if condition is not None:
            offer.condition = _condition(condition)
        if note is not None:
            offer.note = note.strip()[:200]
        if status is not None:
            offer.status = _status(status)
        offer.updated_at = now
        try:
            with transaction.atomic():
                offer.save(update_fields=["sku", "condition", "note", "status", "updated_at"])
        except IntegrityError as error:
            raise Conflict(f"The stall uses the SKU {offer.sku} already: take another.") from error
        if status is not None:
            asks.record([offer.pk], now=now)
        facts.products_changed([offer.variant.product_id], now=now)
    return offer


def change_prices(prices: Mapping[int, int], *, now: datetime) -> list[PriceChange]:
    """Sets prices by offer id, in minor units: the one door through which an existing price changes.

    One statement, however many; returns what moved. Raises BadProduct and changes nothing if one price is bad.
    """
    ids = sorted(prices)
    values = [checked_price(prices[offer_id]) for offer_id in ids]
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_CHANGE_PRICES, {"ids": ids, "prices": values, "now": now})
            changes = sorted((PriceChange(*row) for row in cursor.fetchall()), key=lambda change: change.offer_id)
        record_prices(changes, now=now)
        facts.products_changed((change.product_id for change in changes), now=now)
    return changes


def record_prices(changes: Sequence[PriceChange], *, now: datetime) -> None:
    """Writes prices that moved into the same transaction. Whoever inserts offers in bulk calls this for the new ones."""
    asks.record((change.offer_id for change in changes), now=now)
    for start in range(0, len(changes), facts.BATCH):
        rows: list[events.Json] = [
            [change.offer_id, change.old_minor, change.new_minor] for change in changes[start : start + facts.BATCH]
        ]
        events.publish(facts.PRICES_CHANGED, {"changes": rows}, now=now)


def checked_price(price_minor: int) -> int:
    """The price in minor units. Raises BadProduct unless it is more than nothing and not absurd."""
    if not 0 < price_minor <= MAX_PRICE_MINOR:
        message = f"Enter a price above zero and up to {text(MAX_PRICE_MINOR, currency())}."
        raise BadProduct(message, fields={"price": message})
    return price_minor


def _sku(text_given: str) -> str:
    sku = text_given.replace("\x00", "").strip()
    if not 0 < len(sku) <= 120:
        raise BadProduct("Enter an SKU of 1 to 120 characters.", fields={"sku": "Enter an SKU of 1 to 120 characters."})
    return sku


def _condition(value: str) -> str:
    if value not in Offer.Condition.values:
        message = f"Use one of {', '.join(Offer.Condition.values)}."
        raise BadProduct(f"{value!r} is not a condition.", fields={"condition": message})
    return value


def _status(value: str) -> str:
    if value not in Offer.Status.values:
        message = f"Use one of {', '.join(Offer.Status.values)}."
        raise BadProduct(f"{value!r} is not a status of an offer.", fields={"status": message})
    return value
