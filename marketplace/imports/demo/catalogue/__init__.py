"""The demo hall as pure data, without Django: who sells, what, at which price, and a year of orders.

    from marketplace.imports.demo.catalogue import catalogue, orders

    hall = catalogue(today=date(2026, 11, 22), seed=7)      # Catalogue, under a second, the same for the same arguments
    hall.stalls        Stall(slug, name, city, country, founder, blurb, story, hue, dispatch_days, returns_days,
                             shipping=(ShippingOption(code, name, rates, free_from_cents), …), sells, opened_on)
    hall.categories    Category(slug, name, parent, position, blurb): parents before children, two levels
    hall.types         ProductType(code, name, attributes=(Attribute(code, name, kind, unit, choices, facet), …), axes)
    hall.products      Product(slug, title, category, type, description_html, attributes=((code, value), …),
                               variants=(Variant(sku, options=((axis, value), …), art), …), art, created_on, popularity)
    hall.offers        Offer(sku, stall, product, variant, condition, condition_note, price_cents, stock, created_on)
    hall.buyers        Buyer(name, email, street, postcode, city, country, joined_on)

    for basket in orders(hall, year_end=date(2026, 11, 22), seed=7):    # Basket, oldest first, ≥ 3,000 of them
        basket.placed_at, basket.buyer                                  # aware UTC; index into hall.buyers
        basket.parcels                                                  # Parcel(stall, shipping_code, shipping_cents, lines)

`Product.art` is an ArtSpec for `marketplace.imports.demo.art`; the pictures are `art.views` many. A variant's own
`art`, where there is one, shows that variant (its colour). Money is integer cents of EUR. `stock` is what is on hand
today, after the year of orders. Offers never existed before their product, nor orders before their offers.
"""

from marketplace.imports.demo.catalogue.build import catalogue
from marketplace.imports.demo.catalogue.orders import orders
from marketplace.imports.demo.catalogue.shapes import (
    CONDITIONS,
    Attribute,
    Basket,
    BasketLine,
    Buyer,
    Catalogue,
    Category,
    Offer,
    Parcel,
    Product,
    ProductType,
    ShippingOption,
    ShippingRate,
    Stall,
    Variant,
    country_group,
)

__all__ = [
    "CONDITIONS",
    "Attribute",
    "Basket",
    "BasketLine",
    "Buyer",
    "Catalogue",
    "Category",
    "Offer",
    "Parcel",
    "Product",
    "ProductType",
    "ShippingOption",
    "ShippingRate",
    "Stall",
    "Variant",
    "catalogue",
    "country_group",
    "orders",
]
