"""What a batch will change, decided without touching the database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from marketplace.catalog.models import Offer, Product, ProductImage, ProductVariant
from marketplace.catalog.options import options_key
from marketplace.catalog.richtext import sanitised
from marketplace.core.ids import slug_of
from marketplace.imports.cells import digest
from marketplace.imports.known import Known, KnownImage, KnownOffer, KnownProduct, KnownVariant, own_product
from marketplace.imports.records import ImageRecord, ProductRecord, RowProblem, Severity, VariantRecord
from marketplace.imports.report import CATEGORY, Outcome
from marketplace.imports.shelves import Description, Place, Shelves

MAX_VARIANT_TITLE = 120
_SLUG_BASE = 100
PRODUCT_FIELDS = ["title", "description", "category_id", "brand", "attributes", "extras", "status", "updated_at"]
VARIANT_FIELDS = ["title", "options", "options_key", "gtin", "position"]
OFFER_FIELDS = ["sku", "condition", "status", "updated_at"]
IMAGE_FIELDS = ["alt", "position", "variant"]


# The values of PRODUCT_FIELDS but the last.
ProductValues: TypeAlias = tuple[str, str, int, str, Mapping[str, object], Mapping[str, object], str]


@dataclass(frozen=True, slots=True)
class NewOffer:
    """An offer to be written, its first stock, and the product it is on when that has an id already."""

    offer: Offer
    stock: int
    product_id: int | None


@dataclass(slots=True)
class Changes:
    """Rows to write for one batch. `counted` and `prices` map an offer's id to units on hand and to minor units."""

    new_products: list[Product] = field(default_factory=list)
    changed_products: list[Product] = field(default_factory=list)
    new_variants: list[ProductVariant] = field(default_factory=list)
    changed_variants: list[ProductVariant] = field(default_factory=list)
    new_offers: list[NewOffer] = field(default_factory=list)
    changed_offers: list[Offer] = field(default_factory=list)
    counted: dict[int, int] = field(default_factory=dict)
    prices: dict[int, int] = field(default_factory=dict)
    new_images: list[ProductImage] = field(default_factory=list)
    changed_images: list[ProductImage] = field(default_factory=list)
    touched: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Planned:
    """What becomes of one product of the file. `product` is None when all of it joins other stalls' products."""

    record: ProductRecord
    product: Outcome | None = None
    rows: dict[int, Outcome] = field(default_factory=dict)
    offers: dict[int, Outcome] = field(default_factory=dict)
    problems: list[RowProblem] = field(default_factory=list)
    joined: int = 0
    pictures_noted: int = 0
    uncounted: int = 0
    missing_category: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a variant of the file ends up: an offer that exists, a variant that exists, or neither."""

    source: VariantRecord
    offer: KnownOffer | None = None
    variant: KnownVariant | None = None
    joined_id: int | None = None
    joined_product_id: int | None = None
    joined_title: str = ""


def wanted_slug(record: ProductRecord) -> str:
    """The slug a new product asks for."""
    return slug_of(record.title, limit=_SLUG_BASE)


@dataclass(slots=True)
class Planner:
    """Plans the products of one batch against what the database held when the batch began."""

    seller_id: int
    seller_slug: str
    now: datetime
    known: Known
    shelves: Shelves
    untracked_stock: int
    changes: Changes = field(default_factory=Changes)

    def plan(self, record: ProductRecord) -> Planned:
        """Adds the product's changes to the batch and tells what they are, row by row."""
        planned = Planned(record)
        own = own_product(self.known, record)
        targets = [target for variant in record.variants if (target := self._target(variant, record, own, planned))]
        if not targets:
            self._nothing_left(planned)
            return planned
        product = self._product(record, own, targets, planned)
        variants = self._variants(product, targets)
        pictures = self._images(record, product, own, variants, planned)
        for target in targets:
            planned.offers[target.source.row] = self._offer(target, variants, record, planned)
        self._outcomes(planned, pictures)
        return planned

    def _target(
        self, variant: VariantRecord, record: ProductRecord, own: KnownProduct | None, planned: Planned
    ) -> Target | None:
        """By SKU first, then by options within the own product, then by GTIN on another stall's; else something new."""
        offer = self.known.offers.get(variant.sku)
        if offer is not None:
            if own is not None and offer.product_id == own.pk:
                return self._checked(Target(variant, offer, self.known.variants_by_id[offer.variant_id]), planned)
            if offer.owner_id != self.seller_id:
                return Target(variant, offer, None, offer.variant_id, offer.product_id, offer.product_title)
            message = f"The SKU belongs to “{offer.product_title[:60]}” of this stall: give this variant another one."
            planned.problems.append(RowProblem(variant.row, "SKU", message, variant.sku))
            return None
        same = self.known.variants.get(own.pk, {}).get(options_key(variant.options)) if own else None
        if same is not None:
            earlier = self.known.offers_by_variant.get((same.pk, variant.condition))
            # An offer whose SKU the file still names is another one; otherwise the file gives it a new SKU.
            renamed = earlier if earlier and earlier.sku not in {each.sku for each in record.variants} else None
            return Target(variant, renamed, same)
        found = self.known.joinable.get(variant.gtin) if variant.gtin else None
        if found is not None:
            return Target(variant, None, None, found.variant_id, found.product_id, found.title)
        return Target(variant)

    def _checked(self, target: Target, planned: Planned) -> Target | None:
        """Refuses options that another variant of the product has already."""
        assert target.variant is not None  # noqa: S101 - narrows the type; the caller has just set it
        key = options_key(target.source.options)
        other = self.known.variants[target.variant.product_id].get(key)
        if other is None or other.pk == target.variant.pk:
            return target
        message = "Another variant of this product has the same options: correct the options or the SKU."
        planned.problems.append(RowProblem(target.source.row, "SKU", message, target.source.sku))
        return None

    def _nothing_left(self, planned: Planned) -> None:
        refused = {problem.row for problem in planned.problems}
        message = f"Nothing of “{planned.record.title[:60]}” can be imported: see its other rows."
        planned.problems.extend(RowProblem(row, "", message) for row in planned.record.rows if row not in refused)

    def _product(
        self, record: ProductRecord, own: KnownProduct | None, targets: list[Target], planned: Planned
    ) -> Product | int | None:
        """The own product to be written, the id of a known one, or None when every variant joins another stall's."""
        if own is None and all(target.joined_id is not None for target in targets):
            titles = ", ".join(dict.fromkeys(f"“{target.joined_title[:60]}”" for target in targets))
            message = f"Offered under {titles}, which another stall describes: its text and pictures stay."
            planned.problems.append(RowProblem(record.row, "", message, targets[0].source.sku, Severity.NOTE))
            return None
        place = self.shelves.place(record)
        if place.missing:
            planned.missing_category = place.missing
            where = "the nearest category above is used" if place.known else "“Unsorted” is used"
            message = f"This hall has no category “{place.missing[:80]}”: {where}."
            planned.problems.append(RowProblem(record.row, CATEGORY, message, "", Severity.NOTE))
        described = self.shelves.describe(
            record, type_id=own.type_id if own else None, categorised=place.known and not place.missing
        )
        status = Product.Status.ACTIVE if record.published else Product.Status.DRAFT
        if own is None:
            planned.product = Outcome.CREATED
            wanted = (
                record.title,
                sanitised(record.body_html),
                place.category_id,
                record.brand,
                described.attributes,
                described.extras,
                status,
            )
            return self._new_product(record, described.type_id, wanted)
        planned.product = self._known_product(own, wanted_of(own, record, described, place, status))
        return own.pk

    def _new_product(self, record: ProductRecord, type_id: int, wanted: ProductValues) -> Product:
        product = Product(
            slug=self._free_slug(record),
            product_type_id=type_id,
            owner_id=self.seller_id,
            external_key=record.handle,
            created_at=self.now,
            **dict(zip(PRODUCT_FIELDS, (*wanted, self.now), strict=True)),
        )
        self.changes.new_products.append(product)
        return product

    def _known_product(self, own: KnownProduct, wanted: ProductValues) -> Outcome:
        stored = (own.title, own.description, own.category_id, own.brand, own.attributes, own.extras, own.status)
        if stored == wanted:
            return Outcome.UNCHANGED
        self.changes.changed_products.append(
            Product(pk=own.pk, **dict(zip(PRODUCT_FIELDS, (*wanted, self.now), strict=True)))
        )
        return Outcome.UPDATED

    def _free_slug(self, record: ProductRecord) -> str:
        slug = wanted_slug(record)
        if slug in self.known.slugs:
            slug = f"{slug}-{digest(f'{self.seller_slug}/{record.handle}')}"
        self.known.slugs.add(slug)
        return slug

    def _variants(self, product: Product | int | None, targets: list[Target]) -> dict[int, ProductVariant | int]:
        """For each variant row, the variant its offer stands on: an object still to be written, or an id."""
        result: dict[int, ProductVariant | int] = {}
        seen: dict[str, ProductVariant | int] = {}
        for position, target in enumerate(targets):
            source = target.source
            key = options_key(source.options)
            if target.joined_id is not None or product is None:
                result[source.row] = target.joined_id or 0
            elif key in seen:  # the same thing in another condition
                result[source.row] = seen[key]
            else:
                result[source.row] = seen[key] = self._variant(product, target, key, position)
        return result

    def _variant(self, product: Product | int, target: Target, key: str, position: int) -> ProductVariant | int:
        """The variant to be written, or its id when it is as it should be."""
        source, stored = target.source, target.variant
        title = " / ".join(value for _, value in source.options)[:MAX_VARIANT_TITLE]
        options = [{"name": name, "value": value} for name, value in source.options]
        gtin = source.gtin or (stored.gtin if stored else "")
        wanted = (title, options, key, gtin, position)
        if stored and wanted == (stored.title, stored.options, stored.options_key, stored.gtin, stored.position):
            return stored.pk
        variant = ProductVariant(pk=stored.pk if stored else None, **dict(zip(VARIANT_FIELDS, wanted, strict=True)))
        _belong(variant, product)
        (self.changes.changed_variants if stored else self.changes.new_variants).append(variant)
        return variant

    def _offer(
        self, target: Target, variants: dict[int, ProductVariant | int], record: ProductRecord, planned: Planned
    ) -> Outcome:
        source, offer = target.source, target.offer
        # A draft hides the own product; on another stall's product only the offer itself can wait.
        active = source.active and (target.joined_id is None or record.published)
        status = Offer.Status.ACTIVE if active else Offer.Status.PAUSED
        planned.joined += target.joined_id is not None and offer is None
        if offer is None:
            return self._new_offer(target, variants[source.row], status, planned)
        changed = isinstance(variants[source.row], ProductVariant)
        wanted = (source.sku, source.condition, status)
        if (offer.sku, offer.condition, offer.status) != wanted:
            fields = dict(zip(OFFER_FIELDS, (*wanted, self.now), strict=True))
            self.changes.changed_offers.append(Offer(pk=offer.pk, **fields))
            changed = True
        if offer.price != source.price:
            self.changes.prices[offer.pk] = source.price
            changed = True
        stock = source.stock if source.stock is not None else (offer.on_hand if source.in_stock else 0)
        if max(stock, offer.reserved) != offer.on_hand:
            self.changes.counted[offer.pk] = stock
            changed = True
        if stock < offer.reserved:
            message = (
                f"{offer.reserved} are held for orders, so the stock stays at {offer.reserved} instead of {stock}."
            )
            planned.problems.append(RowProblem(source.row, "Stock", message, source.sku, Severity.NOTE))
        if changed:
            self.changes.touched.add(offer.product_id)
        return Outcome.UPDATED if changed else Outcome.UNCHANGED

    def _new_offer(self, target: Target, variant: ProductVariant | int, status: str, planned: Planned) -> Outcome:
        source = target.source
        stock = source.stock
        if stock is None:
            stock = self.untracked_stock if source.in_stock else 0
            planned.uncounted += 1
        offer = Offer(
            seller_id=self.seller_id,
            sku=source.sku,
            condition=source.condition,
            price_minor=source.price,
            status=status,
            in_stock=stock > 0,
            created_at=self.now,
            updated_at=self.now,
        )
        if isinstance(variant, ProductVariant):
            offer.variant = variant
        else:
            offer.variant_id = variant
        product_id = target.variant.product_id if target.variant else target.joined_product_id
        if product_id is not None:
            self.changes.touched.add(product_id)
        self.changes.new_offers.append(NewOffer(offer, stock, product_id))
        return Outcome.CREATED

    def _images(
        self,
        record: ProductRecord,
        product: Product | int | None,
        own: KnownProduct | None,
        variants: dict[int, ProductVariant | int],
        planned: Planned,
    ) -> dict[int, list[Outcome]]:
        """Notes the pictures of the own product; those it has beside the file's stay. Gives outcomes by row."""
        outcomes: dict[int, list[Outcome]] = {}
        if product is None:
            return outcomes
        stored = self.known.images.get(own.pk, []) if own else []
        shown: dict[str, ProductVariant | int] = {}
        for source in record.variants:
            if source.image_url and source.row in variants:
                shown.setdefault(source.image_url, variants[source.row])
        for position, picture in enumerate(record.images):
            earlier = next((each for each in stored if each.is_at(picture.url)), None)
            outcome = self._image(picture, product, shown.get(picture.url), earlier, position)
            planned.pictures_noted += outcome is Outcome.CREATED
            outcomes.setdefault(picture.row, []).append(outcome)
        return outcomes

    def _image(
        self,
        picture: ImageRecord,
        product: Product | int,
        variant: ProductVariant | int | None,
        stored: KnownImage | None,
        position: int,
    ) -> Outcome:
        variant_id = variant.pk if isinstance(variant, ProductVariant) else variant
        is_new = isinstance(variant, ProductVariant) and variant.pk is None
        alt = picture.alt or (stored.alt if stored else "")
        if stored and not is_new and (stored.alt, stored.position, stored.variant_id) == (alt, position, variant_id):
            return Outcome.UNCHANGED
        image = ProductImage(pk=stored.pk if stored else None, position=position, alt=alt, variant_id=variant_id)
        if isinstance(variant, ProductVariant):
            image.variant = variant
        _belong(image, product)
        if stored:
            self.changes.changed_images.append(image)
            return Outcome.UPDATED
        image.source_url = picture.url
        image.due_at = self.now
        self.changes.new_images.append(image)
        return Outcome.CREATED

    def _outcomes(self, planned: Planned, pictures: dict[int, list[Outcome]]) -> None:
        """One outcome a row: what the row chiefly stands for decides whether it was created."""
        refused = {problem.row for problem in planned.problems if problem.severity is Severity.SKIPPED}
        for row in planned.record.rows:
            if row in refused:
                continue
            parts = [*([planned.offers[row]] if row in planned.offers else []), *pictures.get(row, [])]
            if row == planned.record.row and planned.product is not None:
                parts.insert(0, planned.product)
            if not parts or all(part is Outcome.UNCHANGED for part in parts):
                planned.rows[row] = Outcome.UNCHANGED
            else:
                planned.rows[row] = Outcome.CREATED if parts[0] is Outcome.CREATED else Outcome.UPDATED
        changed = {*planned.rows.values(), *planned.offers.values()} - {Outcome.UNCHANGED}
        if planned.product is Outcome.UNCHANGED and changed:
            planned.product = Outcome.UPDATED


def wanted_of(
    own: KnownProduct, record: ProductRecord, described: Description, place: Place, status: str
) -> ProductValues:
    """What a known product should hold: an import adds and replaces; what a file does not mention stays."""
    typed = {label for label, _ in record.attributes} - set(described.extras)
    kept = {label: text for label, text in own.extras.items() if label not in typed}
    return (
        record.title,
        sanitised(record.body_html) or own.description,
        place.category_id if place.known else own.category_id,
        record.brand or own.brand,
        {**own.attributes, **described.attributes},
        {**kept, **described.extras},
        own.status if own.status == Product.Status.ARCHIVED else status,
    )


def _belong(row: ProductVariant | ProductImage, product: Product | int) -> None:
    if isinstance(product, Product):
        row.product = product
    else:
        row.product_id = product
