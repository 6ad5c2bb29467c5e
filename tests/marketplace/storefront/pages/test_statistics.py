"""What pages for everybody take from the statistics."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from marketplace.catalog.services import reindex
from marketplace.insights import services
from marketplace.sellers.models import Seller
from marketplace.storefront.list_query import ListQuery
from marketplace.storefront.pages.finding import find
from tests.factories import a_category, a_product, an_offer
from tests.marketplace.insights.selling import a_sale

NOW = timezone.now()


def test_most_wanted_on_the_front_page_is_what_sold_most(client: Client, kiln: Seller) -> None:
    jar, bowl = (
        an_offer(seller=kiln, product=a_product(title=title, owner=kiln)) for title in ("Moon jar", "Tea bowl")
    )
    reindex([jar.variant.product_id, bowl.variant.product_id])
    assert "Most wanted" not in client.get("/").content.decode()
    a_sale(jar, paid_at=NOW)
    a_sale(bowl, paid_at=NOW, quantity=3)
    a_sale(jar, paid_at=NOW - timedelta(days=50), quantity=9)
    services.refresh_all(now=NOW)
    page = client.get("/").content.decode()
    wanted = page[page.index("Most wanted") :]
    assert wanted.index("Tea bowl") < wanted.index("Moon jar")


def test_prices_of_a_whole_category_come_from_its_statistics(kiln: Seller) -> None:
    shelf = a_category(name="Vases")
    products = [a_product(owner=kiln, category=shelf) for _ in range(3)]
    for product, price in zip(products, (1000, 2000, 3000), strict=True):
        an_offer(seller=kiln, product=product, price_minor=price)
    reindex(product.pk for product in products)
    services.refresh_all(now=NOW)
    an_offer(seller=kiln, product=products[0], price_minor=500)
    reindex([products[0].pk])

    def lowest(**narrowed: object) -> int:
        histogram = find(ListQuery(**narrowed), shelves=[shelf.pk], within=shelf.pk).counts.histogram  # type: ignore[arg-type]
        assert histogram is not None
        return histogram.low

    # Counted before the last change; a list that is narrowed is counted as it is asked for.
    assert lowest() == 1000
    assert lowest(in_stock=True) == 500
    services.refresh_all(now=NOW)
    assert lowest() == 500
