"""Fourteen months of prices, written as an import would bring them: by COPY, then day by day."""

from datetime import date, datetime, timedelta

from config.embedded.seed.goods import Goods, moment
from marketplace.catalog.models import Offer
from marketplace.imports.demo import catalogue as demo
from marketplace.imports.demo.catalogue.prices import DAYS, Asked, past
from marketplace.prices import rollups, services
from marketplace.prices.services import PastAsk


def add_prices(hall: demo.Catalogue, goods: Goods, *, now: datetime) -> int:
    """Writes what every offer asked, and what pages show of it; returns how many prices."""
    today = now.date()
    rows = [row for offer in hall.offers for row in _rows(goods.offers[offer.sku], offer, today)]
    services.backfill(rows)
    rollups.roll_up({row.product_id for row in rows}, since=today - timedelta(days=DAYS + 1), now=now)
    return len(rows)


def _rows(offer: Offer, asked: demo.Offer, today: date) -> list[PastAsk]:
    found: list[PastAsk] = []
    price = asked.price_cents
    for each in past(asked, today):
        price = each.price_cents or price
        found.append(
            PastAsk(
                offer_id=offer.pk,
                variant_id=offer.variant_id,
                product_id=offer.variant.product_id,
                seller_id=offer.seller_id,
                price_minor=price,
                asking=each.price_cents is not None,
                changed_at=_moment(each, asked),
            )
        )
    return found


def _moment(each: Asked, asked: demo.Offer) -> datetime:
    """A day's price holds from its first moment on, so that every order of the day was placed at it."""
    return moment(each.day, 9 if each.day == asked.created_on else 0)
