"""A product in schema.org's terms, for search engines: only what the page itself says."""

from marketplace.catalog.queries import ProductRow
from marketplace.core.hall import absolute, currency
from marketplace.core.money import to_major
from marketplace.core.page_parts import Crumb
from marketplace.storefront import links
from marketplace.storefront.pages.offering import Offering, Priced
from marketplace.storefront.pages.results import breadcrumbs

_NEW, _USED = "https://schema.org/NewCondition", "https://schema.org/UsedCondition"
_IN_STOCK, _SOLD_OUT = "https://schema.org/InStock", "https://schema.org/OutOfStock"


def structured_data(
    product: ProductRow, offers: Offering, *, canonical: str, images: list[str], crumbs: tuple[Crumb, ...]
) -> dict[str, object]:
    """The product with the offers of its chosen variant, and the way to it."""
    thing: dict[str, object] = {"@type": "Product", "name": product.title, "url": canonical}
    if images:
        thing["image"] = images
    if product.brand:
        thing["brand"] = {"@type": "Brand", "name": product.brand}
    variant = next((entry for entry in product.variants if entry.pk == offers.variant_id), None)
    if variant is not None and variant.gtin:
        thing["gtin"] = variant.gtin
    listed = [_offer(priced, canonical) for priced in offers.of_variant(offers.variant_id)]
    if listed:
        thing["offers"] = listed
    return {"@context": "https://schema.org", "@graph": [thing, breadcrumbs(crumbs)]}


def _offer(priced: Priced, canonical: str) -> dict[str, object]:
    offer = priced.offer
    return {
        "@type": "Offer",
        "url": canonical,
        "sku": offer.sku,
        "price": str(to_major(offer.price_minor, currency())),
        "priceCurrency": currency(),
        "availability": _IN_STOCK if priced.free > 0 else _SOLD_OUT,
        "itemCondition": _NEW if offer.condition == "new" else _USED,
        "seller": {"@type": "Organization", "name": offer.seller_name, "url": absolute(links.stall(offer.seller_slug))},
    }
