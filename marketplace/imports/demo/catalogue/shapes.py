"""The shapes of the demo catalogue: frozen, without Django, money in integer cents of EUR."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from marketplace.imports.demo.art.spec import ArtSpec

AttributeKind = Literal["choice", "number", "bool", "text"]
AttributeValue = str | int | bool
Condition = Literal["new", "like_new", "very_good", "good", "fair"]
CountryGroup = Literal["home", "eu", "europe"]

CONDITIONS: tuple[Condition, ...] = ("new", "like_new", "very_good", "good", "fair")
COUNTRY_GROUPS: tuple[CountryGroup, ...] = ("home", "eu", "europe")
# Buyers and stalls live in these; "europe" is what the customs union leaves out.
OUTSIDE_EU = frozenset({"CH", "GB", "NO"})


@dataclass(frozen=True, slots=True)
class ShippingRate:
    """Price in cents and days in transit to one group of countries."""

    group: CountryGroup
    price_cents: int
    days_min: int
    days_max: int


@dataclass(frozen=True, slots=True)
class ShippingOption:
    """One way a stall sends parcels; a group without a rate is not served."""

    code: str
    name: str
    rates: tuple[ShippingRate, ...]
    free_from_cents: int | None

    def rate(self, group: CountryGroup) -> ShippingRate | None:
        """Return the rate for a group of countries, or None where it does not ship."""
        return next((rate for rate in self.rates if rate.group == group), None)


@dataclass(frozen=True, slots=True)
class Stall:
    """A seller; `hue` is 1 to 8, an index into the design's awning colours; `sells` are top category slugs."""

    slug: str
    name: str
    city: str
    country: str
    founder: str
    blurb: str
    story: str
    hue: int
    dispatch_days: int
    returns_days: int
    shipping: tuple[ShippingOption, ...]
    sells: tuple[str, ...]
    opened_on: date


@dataclass(frozen=True, slots=True)
class Category:
    """A shelf; `parent` is a slug, None for the top ones; products hang on leaves only."""

    slug: str
    name: str
    parent: str | None
    position: int
    blurb: str


@dataclass(frozen=True, slots=True)
class Attribute:
    """A typed attribute; `unit` is for numbers, `choices` for choices; `facet` ones are offered as filters."""

    code: str
    name: str
    kind: AttributeKind
    unit: str = ""
    choices: tuple[str, ...] = ()
    facet: bool = True


@dataclass(frozen=True, slots=True)
class ProductType:
    """What kind of thing it is; `axes` are the names of the options its variants may differ in."""

    code: str
    name: str
    attributes: tuple[Attribute, ...]
    axes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Variant:
    """One buyable form; `options` are (axis, value) and empty for an only variant; `art` when it looks different."""

    sku: str
    options: tuple[tuple[str, str], ...] = ()
    art: ArtSpec | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """A catalogue entry, shared by all stalls that offer it; `popularity` is a weight with median about 1."""

    slug: str
    title: str
    category: str
    type: str
    description_html: str
    attributes: tuple[tuple[str, AttributeValue], ...]
    variants: tuple[Variant, ...]
    art: ArtSpec
    created_on: date
    popularity: float


@dataclass(frozen=True, slots=True)
class Offer:
    """A stall's offer of a variant; `sku` is the stall's own, unique in the hall; stock 0 is sold out."""

    sku: str
    stall: str
    product: str
    variant: str
    condition: Condition
    condition_note: str
    price_cents: int
    stock: int
    created_on: date


@dataclass(frozen=True, slots=True)
class Buyer:
    """A person who buys; every address ends in @example.org, .com or .net, which no mail ever reaches."""

    name: str
    email: str
    street: str
    postcode: str
    city: str
    country: str
    joined_on: date


@dataclass(frozen=True, slots=True)
class BasketLine:
    """So many of one offer, at the price then asked."""

    offer_sku: str
    quantity: int
    unit_price_cents: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one stall sends for a basket: lines, the chosen shipping option and its price."""

    stall: str
    shipping_code: str
    shipping_cents: int
    lines: tuple[BasketLine, ...]


@dataclass(frozen=True, slots=True)
class Basket:
    """One past checkout: `buyer` indexes Catalogue.buyers; `placed_at` is aware UTC."""

    placed_at: datetime
    buyer: int
    parcels: tuple[Parcel, ...]

    @property
    def total_cents(self) -> int:
        """Return goods and shipping together, in cents."""
        goods = sum(line.quantity * line.unit_price_cents for parcel in self.parcels for line in parcel.lines)
        return goods + sum(parcel.shipping_cents for parcel in self.parcels)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The whole demo hall; every reference between its parts is a slug or a sku."""

    stalls: tuple[Stall, ...]
    categories: tuple[Category, ...]
    types: tuple[ProductType, ...]
    products: tuple[Product, ...]
    offers: tuple[Offer, ...]
    buyers: tuple[Buyer, ...]


def country_group(stall_country: str, buyer_country: str) -> CountryGroup:
    """Return which rate a parcel from one country to another pays."""
    if stall_country == buyer_country:
        return "home"
    return "europe" if {stall_country, buyer_country} & OUTSIDE_EU else "eu"
