"""Plain functions that make one thing each, with values that can be told apart."""

from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction

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
from marketplace.core.ids import slug_of
from marketplace.inventory.models import StockItem, StockMovement
from marketplace.sellers.models import Seller, SellerMember, ShippingOption

_number = count(1)
LONG_AGO = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
PASSWORD = "a-quiet-harbour"


@cache
def _hashed(password: str) -> str:
    """Hashing is slow on purpose; the cast shares one password."""
    return make_password(password)


def a_user(*, email: str = "", password: str = PASSWORD, **fields: Any) -> User:
    """A person whose address is confirmed."""
    user = User.objects.create_user(email or f"person{next(_number)}@example.test", **fields)
    user.password = _hashed(password)
    user.save(update_fields=["password"])
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def a_seller(*, slug: str = "", name: str = "", status: str = Seller.Status.APPROVED, **fields: Any) -> Seller:
    """An approved stall with one way of shipping, 4.90 to everywhere, free from 100.00."""
    number = next(_number)
    values: dict[str, Any] = {
        "name": name or f"Stall {number}",
        "hue": number % 8 + 1,
        "place": "Berlin",
        "country": "DE",
        "email": f"stall{number}@example.test",
        "created_at": LONG_AGO,
        "approved_at": LONG_AGO if status == Seller.Status.APPROVED else None,
    }
    seller = Seller.objects.create(slug=slug or f"stall-{number}", status=status, **(values | fields))
    a_shipping_option(seller)
    return seller


def a_member(seller: Seller, user: User, role: str = SellerMember.Role.OWNER) -> SellerMember:
    return SellerMember.objects.create(seller=seller, user=user, role=role, created_at=LONG_AGO)


def a_shipping_option(seller: Seller, **fields: Any) -> ShippingOption:
    values: dict[str, Any] = {
        "name": "Standard",
        "countries": [],
        "price_minor": 490,
        "free_from_minor": 10_000,
        "days_min": 2,
        "days_max": 4,
    }
    return ShippingOption.objects.create(seller=seller, **(values | fields))


def a_category(*, name: str = "", parent: Category | None = None) -> Category:
    name = name or f"Shelf {next(_number)}"
    slug = slug_of(name)
    path = f"{parent.path}/{slug}" if parent else slug
    return Category.objects.create(name=name, slug=slug, path=path, parent=parent)


def a_product_type(*, name: str = "General goods") -> ProductType:
    return ProductType.objects.get_or_create(slug=slug_of(name), defaults={"name": name})[0]


def an_attribute(
    *, label: str, kind: str = Attribute.Kind.CHOICE, product_type: ProductType | None = None, **fields: Any
) -> Attribute:
    """A typed property, of general goods unless told otherwise; choices go in as ``choices=["Red", "Blue"]``."""
    values = {"slug": slug_of(label), "product_type": product_type or a_product_type()}
    return Attribute.objects.create(label=label, kind=kind, **(values | fields))


def an_image(product: Product, *, key: str = "", variant: ProductVariant | None = None, **fields: Any) -> ProductImage:
    """A stored picture, 1200 by 900."""
    values: dict[str, Any] = {"width": 1200, "height": 900, "state": ProductImage.State.READY}
    return ProductImage.objects.create(
        product=product, variant=variant, key=key or f"pictures/{next(_number)}", **(values | fields)
    )


def a_product(
    *, title: str = "", owner: Seller | None = None, category: Category | None = None, **fields: Any
) -> Product:
    """An active product without variants or offers."""
    title = title or f"Thing {next(_number)}"
    values: dict[str, Any] = {
        "slug": slug_of(title),
        "description": f"<p>About {title}.</p>",
        "product_type": fields.pop("product_type", None) or a_product_type(),
        "category": category or a_category(),
        "status": Product.Status.ACTIVE,
        "owner": owner,
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }
    return Product.objects.create(title=title, **(values | fields))


def a_variant(product: Product, **options: str) -> ProductVariant:
    """A variant with these options, such as ``size="M"``; without options, the product's only one."""
    listed = [{"name": name.capitalize(), "value": value} for name, value in options.items()]
    return ProductVariant.objects.create(
        product=product,
        title=" / ".join(options.values()),
        options=listed,
        options_key="|".join(f"{name}={value}" for name, value in sorted(options.items())),
    )


def an_offer(
    *,
    seller: Seller,
    product: Product | None = None,
    variant: ProductVariant | None = None,
    price_minor: int = 2500,
    stock: int = 10,
    **fields: Any,
) -> Offer:
    """An active offer with ``stock`` units on hand, received in the books."""
    number = next(_number)
    product = product or (variant.product if variant else a_product(owner=seller))
    variant = variant or product.variants.first() or a_variant(product)
    values: dict[str, Any] = {
        "sku": f"SKU-{number:05d}",
        "condition": Offer.Condition.NEW,
        "created_at": LONG_AGO,
        "updated_at": LONG_AGO,
    }
    with transaction.atomic():
        offer = Offer.objects.create(
            seller=seller, variant=variant, price_minor=price_minor, in_stock=stock > 0, **(values | fields)
        )
        item = StockItem.objects.create(offer=offer, on_hand=stock)
        if stock:
            StockMovement.objects.create(
                stock_item=item,
                kind=StockMovement.Kind.RECEIVED,
                quantity=stock,
                reference="first",
                created_at=LONG_AGO,
            )
    return offer
