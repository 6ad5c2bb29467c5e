"""A small catalogue that can be counted by hand."""

from marketplace.catalog.models import Category, Product
from marketplace.catalog.services import reindex
from marketplace.sellers.models import Seller
from tests.factories import a_product, an_offer


def on_the_shelf(
    seller: Seller,
    title: str,
    *,
    price_minor: int = 1000,
    stock: int = 5,
    condition: str = "new",
    category: Category | None = None,
    **fields: object,
) -> Product:
    """A findable product with one offer."""
    product = a_product(title=title, owner=seller, category=category, **fields)
    an_offer(seller=seller, product=product, price_minor=price_minor, stock=stock, condition=condition)
    reindex([product.pk])
    return product
