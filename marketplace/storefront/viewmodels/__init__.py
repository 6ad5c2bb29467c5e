"""What the storefront's templates show: the contract between page modules and `templates/storefront/`.

Frozen, and everything is text already: prices with their currency sign, counts with separators, dates in words, URLs as
paths. An empty string or None leaves the part out. The parts that every interface shares (Picture, Link, Note, Shell, …)
live in `marketplace.core.page_parts`.

Each page is rendered with `{"page": <one of these>}`; `shell` comes from the context processor.

| template | page |
|---|---|
| storefront/home.html | HomePage |
| storefront/search.html, storefront/category.html | SearchPage |
| storefront/product.html | ProductPage |
| storefront/stall.html | StallPage |
| storefront/stalls.html | StallsPage |
| storefront/text.html | TextPage |
| storefront/deliver_to.html | CountryPage |
| storefront/cart.html | CartPage |
| storefront/cart_added.html | CartAdded (answer to an htmx "Add to cart") |

htmx asks the same URLs as links and forms do and picks what it needs from the whole page (`hx-select`), so no page
needs a second template but `cart_added.html`.
"""

from marketplace.storefront.viewmodels.cards import Card, Delta, Spark, StallTag, Watch
from marketplace.storefront.viewmodels.cart import CartAdded, CartLineView, CartPage, CartParcel, LineChange
from marketplace.storefront.viewmodels.home import CategoryTile, HomeModule, HomePage, StallPage, StallTile
from marketplace.storefront.viewmodels.product import Fact, OfferRow, ProductPage, Spec, VariantChoice, VariantGroup
from marketplace.storefront.viewmodels.search import (
    Chip,
    Facet,
    FacetOption,
    HistogramBar,
    PriceFacet,
    SearchPage,
    Shown,
)
from marketplace.storefront.viewmodels.text import CountryPage, StallsPage, TextPage, TextSection

__all__ = [
    "Card",
    "CartAdded",
    "CartLineView",
    "CartPage",
    "CartParcel",
    "CategoryTile",
    "Chip",
    "CountryPage",
    "Delta",
    "Facet",
    "FacetOption",
    "Fact",
    "HistogramBar",
    "HomeModule",
    "HomePage",
    "LineChange",
    "OfferRow",
    "PriceFacet",
    "ProductPage",
    "SearchPage",
    "Shown",
    "Spark",
    "Spec",
    "StallPage",
    "StallTag",
    "StallTile",
    "StallsPage",
    "TextPage",
    "TextSection",
    "VariantChoice",
    "VariantGroup",
    "Watch",
]
