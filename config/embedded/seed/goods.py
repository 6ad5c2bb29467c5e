"""The stalls, the shelves and the goods of the demo, written in bulk."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time

from config.embedded.seed.drawing import Pictures
from marketplace.accounts.models import User
from marketplace.catalog.models import (
    Attribute,
    Category,
    Offer,
    Product,
    ProductImage,
    ProductType,
    ProductVariant,
)
from marketplace.catalog.options import options_key
from marketplace.imports.demo import catalogue as demo
from marketplace.imports.demo.catalogue.shapes import CountryGroup
from marketplace.inventory.models import StockItem
from marketplace.sellers.models import Seller, SellerMember, ShippingOption

# Member states of the European Union, ISO 3166-1 alpha-2.
EU = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK".split()  # noqa: SIM905 - one line reads better than 27 strings
OUTSIDE = ("CH", "GB", "NO")
_KINDS = {"choice": "choice", "number": "number", "bool": "boolean", "text": "text"}
BATCH = 1000


@dataclass
class Goods:
    """What was written, by the demo's own names."""

    sellers: dict[str, Seller] = field(default_factory=dict)
    shipping: dict[tuple[str, str], ShippingOption] = field(default_factory=dict)
    offers: dict[str, Offer] = field(default_factory=dict)
    products: dict[str, Product] = field(default_factory=dict)
    variants: dict[str, ProductVariant] = field(default_factory=dict)


def moment(day: date, hour: int = 9) -> datetime:
    """An hour of a day, UTC."""
    return datetime.combine(day, time(hour), UTC)


def add_goods(hall: demo.Catalogue, founders: dict[str, User], pictures: Pictures) -> Goods:
    """Writes everything that can be bought."""
    goods = Goods()
    _add_stalls(hall, founders, goods)
    _add_products(hall, _add_categories(hall), _add_types(hall), goods)
    _add_variants(hall, goods)
    _add_offers(hall, goods)
    _add_images(hall, goods, pictures)
    return goods


def _add_stalls(hall: demo.Catalogue, founders: dict[str, User], goods: Goods) -> None:
    goods.sellers = {stall.slug: _seller(stall, founders[stall.slug]) for stall in hall.stalls}
    Seller.objects.bulk_create(goods.sellers.values())
    SellerMember.objects.bulk_create(
        SellerMember(seller=seller, user=founders[slug], role=SellerMember.Role.OWNER, created_at=seller.created_at)
        for slug, seller in goods.sellers.items()
    )
    for stall in hall.stalls:
        for option in stall.shipping:
            for rate in option.rates:
                goods.shipping[stall.slug, f"{option.code}:{rate.group}"] = ShippingOption(
                    seller=goods.sellers[stall.slug],
                    name=option.name,
                    countries=_countries(stall.country, rate.group),
                    price_minor=rate.price_cents,
                    free_from_minor=option.free_from_cents,
                    days_min=rate.days_min,
                    days_max=rate.days_max,
                )
    ShippingOption.objects.bulk_create(goods.shipping.values())


def _seller(stall: demo.Stall, founder: User) -> Seller:
    return Seller(
        slug=stall.slug,
        name=stall.name,
        hue=stall.hue,
        place=stall.city,
        country=stall.country,
        blurb=stall.blurb,
        story=stall.story,
        email=founder.email,
        status=Seller.Status.APPROVED,
        dispatch_days_min=max(1, stall.dispatch_days - 1),
        dispatch_days_max=max(1, stall.dispatch_days),
        returns_days=stall.returns_days,
        created_at=moment(stall.opened_on),
        approved_at=moment(stall.opened_on, 15),
    )


def _countries(home: str, group: CountryGroup) -> list[str]:
    """Which countries a group of rates means for a stall, in the terms of ``demo.country_group``."""
    everywhere = (*EU, *OUTSIDE)
    return [country for country in everywhere if demo.country_group(home, country) == group]


def _add_categories(hall: demo.Catalogue) -> dict[str, Category]:
    made: dict[str, Category] = {}
    for shelf in hall.categories:
        parent = made[shelf.parent] if shelf.parent else None
        made[shelf.slug] = Category.objects.create(
            slug=shelf.slug,
            name=shelf.name,
            parent=parent,
            path=f"{parent.path}/{shelf.slug}" if parent else shelf.slug,
            blurb=shelf.blurb,
            position=shelf.position,
        )
    return made


def _add_types(hall: demo.Catalogue) -> dict[str, ProductType]:
    types = {kind.code: ProductType(slug=kind.code, name=kind.name) for kind in hall.types}
    ProductType.objects.bulk_create(types.values())
    Attribute.objects.bulk_create(
        Attribute(
            product_type=types[kind.code],
            slug=attribute.code,
            label=attribute.name,
            kind=_KINDS[attribute.kind],
            unit=attribute.unit,
            choices=list(attribute.choices),
            filterable=attribute.facet,
            position=position,
        )
        for kind in hall.types
        for position, attribute in enumerate(kind.attributes)
    )
    return types


def _add_products(
    hall: demo.Catalogue, shelves: dict[str, Category], types: dict[str, ProductType], goods: Goods
) -> None:
    first_offer: dict[str, demo.Offer] = {}
    for offer in hall.offers:
        first_offer.setdefault(offer.product, offer)
    goods.products = {
        product.slug: Product(
            slug=product.slug,
            title=product.title,
            description=product.description_html,
            product_type=types[product.type],
            category=shelves[product.category],
            attributes=dict(product.attributes),
            status=Product.Status.ACTIVE,
            owner=goods.sellers[first_offer[product.slug].stall],
            external_key=product.slug,
            created_at=moment(product.created_on),
            updated_at=moment(product.created_on),
        )
        for product in hall.products
    }
    Product.objects.bulk_create(goods.products.values(), batch_size=BATCH)


def _add_variants(hall: demo.Catalogue, goods: Goods) -> None:
    for product in hall.products:
        for position, variant in enumerate(product.variants):
            goods.variants[variant.sku] = ProductVariant(
                product=goods.products[product.slug],
                title=" / ".join(value for _, value in variant.options),
                options=[{"name": name, "value": value} for name, value in variant.options],
                options_key=options_key(variant.options),
                position=position,
            )
    ProductVariant.objects.bulk_create(goods.variants.values(), batch_size=BATCH)


def _add_offers(hall: demo.Catalogue, goods: Goods) -> None:
    goods.offers = {
        offer.sku: Offer(
            seller=goods.sellers[offer.stall],
            variant=goods.variants[offer.variant],
            sku=offer.sku,
            condition=offer.condition,
            note=offer.condition_note,
            price_minor=offer.price_cents,
            in_stock=offer.stock > 0,
            created_at=moment(offer.created_on),
            updated_at=moment(offer.created_on),
        )
        for offer in hall.offers
    }
    Offer.objects.bulk_create(goods.offers.values(), batch_size=BATCH)
    StockItem.objects.bulk_create(
        (StockItem(offer=goods.offers[offer.sku], on_hand=offer.stock) for offer in hall.offers), batch_size=BATCH
    )


def _add_images(hall: demo.Catalogue, goods: Goods, pictures: Pictures) -> None:
    rows = []
    for product in hall.products:
        for position, (key, width, height) in enumerate(pictures.get(product.slug, [])):
            rows.append(_image(goods.products[product.slug], None, position, key, (width, height), product.title))
        for variant in product.variants:
            for position, (key, width, height) in enumerate(pictures.get(variant.sku, [])):
                row = goods.variants[variant.sku]
                alt = f"{product.title}, {row.title}"
                rows.append(_image(row.product, row, position, key, (width, height), alt))
    ProductImage.objects.bulk_create(rows, batch_size=BATCH)


def _image(
    product: Product, variant: ProductVariant | None, position: int, key: str, size: tuple[int, int], alt: str
) -> ProductImage:
    return ProductImage(
        product=product,
        variant=variant,
        position=position,
        key=key,
        width=size[0],
        height=size[1],
        alt=alt,
        state=ProductImage.State.READY,
    )
