"""Products and their variants: made, changed, published, taken down."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.db import IntegrityError, transaction

from marketplace.catalog import facts
from marketplace.catalog.errors import BadProduct
from marketplace.catalog.models import Attribute, Category, Product, ProductType, ProductVariant
from marketplace.catalog.options import OptionPairs, checked_options, gtin_is_valid, options_key
from marketplace.catalog.richtext import MAX_LENGTH, sanitised
from marketplace.catalog.services import asks
from marketplace.catalog.services.attributes import Given, checked_attributes
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import slug_of
from marketplace.core.texts import one_line

_TRIES = 200


def create_product(
    *,
    owner_id: int | None,
    title: str,
    product_type_id: int,
    category_id: int,
    now: datetime,
    description: str = "",
    brand: str = "",
    attributes: Mapping[str, Given] | None = None,
    external_key: str | None = None,
) -> Product:
    """A draft under a slug of its own. ``description`` is HTML and is sanitised. Raises BadProduct per field."""
    product = Product(
        owner_id=owner_id,
        title=_title(title),
        description=_description(description),
        brand=_brand(brand),
        product_type=_type(product_type_id),
        category=_category(category_id),
        external_key=external_key,
        created_at=now,
        updated_at=now,
    )
    product.attributes = checked_attributes(_attributes(product_type_id), attributes or {})
    with transaction.atomic():
        _insert(product)
    return product


def update_product(
    *,
    product_id: int,
    now: datetime,
    title: str | None = None,
    description: str | None = None,
    brand: str | None = None,
    category_id: int | None = None,
    product_type_id: int | None = None,
    attributes: Mapping[str, Given] | None = None,
) -> Product:
    """Changes what is given; ``attributes`` replaces all of them. The slug stays, so links keep working.

    Raises BadProduct per field, NotFound.
    """
    with transaction.atomic():
        product = _locked(product_id)
        if title is not None:
            product.title = _title(title)
        if description is not None:
            product.description = _description(description)
        if brand is not None:
            product.brand = _brand(brand)
        if category_id is not None:
            product.category = _category(category_id)
        if product_type_id is not None:
            product.product_type = _type(product_type_id)
        if attributes is not None or product_type_id is not None:
            given = product.attributes if attributes is None else attributes
            product.attributes = checked_attributes(_attributes(product.product_type_id), given)
        product.updated_at = now
        product.save()
        facts.products_changed([product.pk], now=now)
    return product


def publish_product(*, product_id: int, now: datetime) -> Product:
    """Puts a product on the shelves. Raises BadProduct when it has nothing that could be sold."""
    with transaction.atomic():
        product = _locked(product_id)
        if not product.variants.exists():
            raise BadProduct("Add at least one variant with a price before publishing.")
        return _with_status(product, Product.Status.ACTIVE, now)


def unpublish_product(*, product_id: int, now: datetime) -> Product:
    """Takes a product off the shelves for a while: its page answers 404 until it is published again."""
    with transaction.atomic():
        return _with_status(_locked(product_id), Product.Status.DRAFT, now)


def archive_product(*, product_id: int, now: datetime) -> Product:
    """Takes a product down for good: its page answers 410. Orders keep their own copy of what was sold."""
    with transaction.atomic():
        return _with_status(_locked(product_id), Product.Status.ARCHIVED, now)


def add_variant(
    *, product_id: int, now: datetime, options: OptionPairs = (), gtin: str = "", position: int = 0
) -> ProductVariant:
    """A version of the product. Raises BadProduct for bad options or GTIN, Conflict for a combination it has already."""
    pairs = checked_options(options)
    variant = ProductVariant(product_id=product_id, gtin=_gtin(gtin), position=position)
    _set_options(variant, pairs)
    with transaction.atomic():
        _locked(product_id)
        _save_variant(variant)
        facts.products_changed([product_id], now=now)
    return variant


def update_variant(
    *, variant_id: int, now: datetime, options: OptionPairs | None = None, gtin: str | None = None
) -> ProductVariant:
    """Changes what is given. Raises like add_variant, and NotFound."""
    with transaction.atomic():
        variant = ProductVariant.objects.select_for_update().filter(pk=variant_id).first()
        if variant is None:
            raise NotFound("There is no such variant.")
        if options is not None:
            _set_options(variant, checked_options(options))
        if gtin is not None:
            variant.gtin = _gtin(gtin)
        _save_variant(variant)
        facts.products_changed([variant.product_id], now=now)
    return variant


def _set_options(variant: ProductVariant, pairs: Sequence[tuple[str, str]]) -> None:
    variant.options = [{"name": name, "value": value} for name, value in pairs]
    variant.options_key = options_key(pairs)
    variant.title = " / ".join(value for _, value in pairs)[:120]


def _save_variant(variant: ProductVariant) -> None:
    try:
        with transaction.atomic():
            variant.save()
    except IntegrityError as error:
        raise Conflict("The product has a variant with these options already: change that one.") from error


def _insert(product: Product) -> None:
    """Claims the first free slug: the unique index decides, so that two products with one title never collide."""
    wanted = slug_of(product.title, limit=112)
    for number in range(1, _TRIES):
        product.slug = wanted if number == 1 else f"{wanted}-{number}"
        try:
            with transaction.atomic():
                product.save(force_insert=True)
        except IntegrityError as error:
            if "product_external_key_once" in str(error):
                raise Conflict("The stall has a product with this key already: update that one.") from error
            continue
        return
    raise BadProduct(
        "Choose another title.", fields={"title": "Too many products have this title: add what sets it apart."}
    )


def _with_status(product: Product, status: Product.Status, now: datetime) -> Product:
    if product.status != status:
        product.status = status
        product.updated_at = now
        product.save(update_fields=["status", "updated_at"])
        asks.record_products([product.pk], now=now)
        facts.products_changed([product.pk], now=now)
    return product


def _locked(product_id: int) -> Product:
    product = Product.objects.select_for_update().filter(pk=product_id).first()
    if product is None:
        raise NotFound("There is no such product.")
    return product


def _title(text: str) -> str:
    title = one_line(text)
    if not title:
        raise BadProduct("Give the product a title.", fields={"title": "Give the product a title."})
    if len(title) > 200:
        raise BadProduct("The title is too long.", fields={"title": "Shorten this to 200 characters."})
    return title


def _brand(text: str) -> str:
    brand = one_line(text)
    if len(brand) > 120:
        raise BadProduct("The brand is too long.", fields={"brand": "Shorten this to 120 characters."})
    return brand


def _description(html: str) -> str:
    if len(html) > MAX_LENGTH:
        message = f"Shorten this to {MAX_LENGTH:,} characters."
        raise BadProduct("The description is too long.", fields={"description": message})
    return sanitised(html)


def _gtin(text: str) -> str:
    digits = text.replace(" ", "").replace("-", "")
    if digits and not gtin_is_valid(digits):
        message = "This is not a GTIN: 8, 12, 13 or 14 digits, the last of which is the check digit. Leave it empty."
        raise BadProduct(message, fields={"gtin": message})
    return digits


def _type(product_type_id: int) -> ProductType:
    found = ProductType.objects.filter(pk=product_type_id).first()
    if found is None:
        raise BadProduct("Choose the kind of product.", fields={"product_type": "Choose the kind of product."})
    return found


def _category(category_id: int) -> Category:
    found = Category.objects.filter(pk=category_id).first()
    if found is None:
        raise BadProduct("Choose a category.", fields={"category": "Choose a category."})
    return found


def _attributes(product_type_id: int) -> list[Attribute]:
    return list(Attribute.objects.filter(product_type_id=product_type_id))
