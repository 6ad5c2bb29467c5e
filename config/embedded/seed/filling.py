"""Fills an empty hall, in one transaction, while the pictures are drawn beside it."""

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from config.embedded.errors import EmbeddedError
from config.embedded.seed import asked, books, charges, drawing, goods, people
from config.embedded.seed.hall import SEED, demo_hall, today
from config.embedded.seed.history import Year
from marketplace.catalog.services import reindex_all
from marketplace.imports.demo.catalogue import Catalogue, orders
from marketplace.insights import services as insights
from marketplace.sellers.models import Seller


def fill() -> Iterator[str]:
    """Yields what was done. Raises EmbeddedError when pictures or charges cannot be made."""
    if Seller.objects.exists():
        yield "the goods of the last run are kept"
        return
    hall = demo_hall()
    artist = drawing.start_drawing()
    try:
        with transaction.atomic():
            yield from _write(hall)
        yield "the search index is ready" if reindex_all() else "the search index is empty"
        _analyze()
        insights.refresh_all(now=timezone.now())
        yield "the statistics are counted"
        if artist.wait() != 0:
            raise EmbeddedError("drawing the pictures failed: its lines stand above")
    finally:
        if artist.poll() is None:
            artist.terminate()
            artist.wait()
    yield f"{len(drawing.specs(hall)):,} pictures drawn"


def _write(hall: Catalogue) -> Iterator[str]:
    now = timezone.now()
    logins = people.add_logins(now=now)
    founders = people.add_founders(hall, seller=logins["seller"])
    buyers = people.add_buyers(hall, buyer=logins["buyer"])
    written = goods.add_goods(hall, founders, drawing.first_views(hall))
    yield f"{len(hall.stalls)} stalls, {len(hall.products):,} products, {len(hall.offers):,} offers"
    yield f"{asked.add_prices(hall, written, now=now):,} prices of fourteen months"
    year = Year(hall, written, buyers, now=now)
    if charges.simulated():
        for index, basket in enumerate(orders(hall, year_end=today(), seed=SEED)):
            if basket.placed_at < now - timedelta(hours=1):
                year.add(index, basket)
    year.write()
    if year.rows.payments:
        # Last, because the simulator does not forget what this transaction would roll back.
        charges.add_charges(year.rows.payments)
        books.add_payments(year.rows.payments, year.rows.allocations)
    yield f"{len(year.rows.orders):,} orders of a year, by {len(buyers):,} buyers"


def _analyze() -> None:
    """Fresh tables have no statistics; without them the first pages would be planned by guess."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
