"""Reads of carts. The number of queries does not depend on what is in the cart."""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from marketplace.accounts.models import Address
from marketplace.carts.models import Cart, CartLine
from marketplace.carts.snapshot import (
    CartSnapshot,
    Problem,
    ShippingChoice,
    SnapshotImage,
    SnapshotLine,
    SnapshotParcel,
)
from marketplace.catalog.models import Offer, Product, ProductImage
from marketplace.core import cache
from marketplace.core.addresses import PostalAddress
from marketplace.core.errors import NotFound
from marketplace.core.hall import currency
from marketplace.inventory import queries as inventory
from marketplace.sellers.models import Seller, SellerMember, ShippingOption


@dataclass(frozen=True, slots=True)
class _Row:
    """One line with everything that it joins."""

    offer_id: int
    quantity: int
    seen_price_minor: int
    sku: str
    condition: str
    price_minor: int
    offer_status: str
    variant_title: str
    product_id: int
    product_slug: str
    title: str
    product_status: str
    seller_id: int
    seller_slug: str
    seller_name: str
    seller_hue: int
    seller_country: str
    seller_status: str
    dispatch_days_min: int
    dispatch_days_max: int
    free: int

    @property
    def for_sale(self) -> bool:
        return (
            self.offer_status == Offer.Status.ACTIVE
            and self.product_status == Product.Status.ACTIVE
            and self.seller_status == Seller.Status.APPROVED
        )


# In the order of _Row's fields, but for the last.
_COLUMNS = (
    "offer_id", "quantity", "seen_price_minor",
    "offer__sku", "offer__condition", "offer__price_minor", "offer__status",
    "offer__variant__title",
    "offer__variant__product_id", "offer__variant__product__slug", "offer__variant__product__title",
    "offer__variant__product__status",
    "offer__seller_id", "offer__seller__slug", "offer__seller__name", "offer__seller__hue", "offer__seller__country",
    "offer__seller__status", "offer__seller__dispatch_days_min", "offer__seller__dispatch_days_max",
)  # fmt: skip


def open_carts(*, user_id: int | None, cart_id: uuid.UUID | None) -> "QuerySet[Cart]":
    """The open cart of an account, or of a guest who holds its id: one at most."""
    carts = Cart.objects.filter(closed_at__isnull=True)
    if user_id is not None:
        return carts.filter(user_id=user_id)
    return carts.filter(pk=cart_id, user__isnull=True) if cart_id else carts.none()


def find(*, user_id: int | None, cart_id: uuid.UUID | None) -> uuid.UUID | None:
    """The id of ``open_carts``' one, None when there is none. One query at most."""
    return open_carts(user_id=user_id, cart_id=cart_id).values_list("pk", flat=True).first()


def belongs(*, cart_id: uuid.UUID, user_id: int | None) -> bool:
    """Whether the cart, open or closed, is this account's, or no account's when ``user_id`` is None. One query."""
    carts = Cart.objects.filter(pk=cart_id)
    theirs = carts.filter(user__isnull=True) if user_id is None else carts.filter(user_id=user_id)
    return theirs.exists()


def tags(*, cart_id: uuid.UUID, user_id: int | None) -> tuple[str, ...]:
    """What shows how much is in the cart depends on: as a guest's, and as the account's."""
    return (f"cart:{cart_id}",) if user_id is None else (f"cart:{cart_id}", f"cart-of:{user_id}")


# No memory of the process: whoever puts something in sees it counted on the next page.
_COUNTS = cache.declare("cart", int, soft=300.0, hard=900.0, local=0.0)


def count(*, cart_id: uuid.UUID | None = None, user_id: int | None = None) -> int:
    """Units in the open cart of a guest or of an account, 0 without one. One query at most."""
    if user_id is not None:
        return _COUNTS.get(f"of:{user_id}", lambda: _count(None, user_id), depends=(f"cart-of:{user_id}",))
    if cart_id is not None:
        return _COUNTS.get(f"guest:{cart_id}", lambda: _count(cart_id, None), depends=(f"cart:{cart_id}",))
    return 0


def _count(cart_id: uuid.UUID | None, user_id: int | None) -> int:
    lines = CartLine.objects.filter(removed_at__isnull=True, cart__closed_at__isnull=True)
    mine = Q(cart__user_id=user_id) if user_id is not None else Q(cart_id=cart_id, cart__user__isnull=True)
    lines = lines.filter(mine)
    return int(lines.aggregate(units=Coalesce(Sum("quantity"), 0))["units"])


def removed_title(*, cart_id: uuid.UUID, offer_id: int) -> str:
    """The title of a line that was taken out and can be put back, "" when there is none."""
    lines = CartLine.objects.filter(cart_id=cart_id, offer_id=offer_id, removed_at__isnull=False)
    return lines.values_list("offer__variant__product__title", flat=True).first() or ""


def snapshot(*, cart_id: uuid.UUID, country: str = "") -> CartSnapshot:
    """The cart as it stands, in at most seven queries. Raises NotFound.

    ``country`` (ISO 3166-1 alpha-2) is used for shipping while the cart has no address and the account none either.
    """
    cart = Cart.objects.filter(pk=cart_id).first()
    if cart is None:
        raise NotFound("There is no such cart.")
    address = PostalAddress.from_json(cart.shipping_address) if cart.shipping_address else None
    to = address.country if address else _usual_country(cart.user_id) or country
    rows = _rows(cart.pk)
    return CartSnapshot(
        cart_id=cart.pk,
        user_id=cart.user_id,
        closed=cart.closed_at is not None,
        currency=currency(),
        email=cart.email,
        phone=cart.phone,
        address=address,
        country=to,
        parcels=_parcels(cart, rows, to) if rows else (),
    )


def free_to(*, cart: Cart, offer_id: int) -> int:
    """Units of one offer that this cart can have: what is free, and what is held for its own checkout."""
    held = inventory.held_units(reference=cart.hold_reference) if cart.hold_reference else {}
    return inventory.free_units(offer_ids=[offer_id]).get(offer_id, 0) + held.get(offer_id, 0)


def works_at(*, user_id: int | None, seller_ids: Collection[int]) -> set[int]:
    """Those of the stalls where this person works."""
    if user_id is None:
        return set()
    rows = SellerMember.objects.filter(user_id=user_id, seller_id__in=seller_ids)
    return set(rows.values_list("seller_id", flat=True))


def shipping_options(*, seller_ids: Collection[int]) -> list[ShippingOption]:
    """Every way in which these stalls send parcels today."""
    return list(ShippingOption.objects.filter(seller_id__in=seller_ids, is_active=True).order_by("price_minor", "pk"))


def serves(option: ShippingOption, country: str) -> bool:
    """Whether the option reaches the country; an option without countries reaches them all."""
    return not option.countries or country in option.countries


def _usual_country(user_id: int | None) -> str:
    if user_id is None:
        return ""
    addresses = Address.objects.filter(user_id=user_id).order_by("-is_default", "-used_at")
    return addresses.values_list("country", flat=True).first() or ""


def _rows(cart_id: uuid.UUID) -> list[_Row]:
    free = Coalesce(F("offer__stock__on_hand") - F("offer__stock__reserved"), 0)
    lines = CartLine.objects.filter(cart_id=cart_id, removed_at__isnull=True).order_by("added_at", "pk")
    return [_Row(*row) for row in lines.annotate(free=free).values_list(*_COLUMNS, "free")]


def _parcels(cart: Cart, rows: list[_Row], country: str) -> tuple[SnapshotParcel, ...]:
    held = inventory.held_units(reference=cart.hold_reference) if cart.hold_reference else {}
    sellers = list(dict.fromkeys(row.seller_id for row in rows))
    own = works_at(user_id=cart.user_id, seller_ids=sellers)
    images = _images({row.product_id for row in rows})
    options = shipping_options(seller_ids=sellers)
    by_seller: dict[int, list[tuple[_Row, SnapshotLine]]] = {pk: [] for pk in sellers}
    for row in rows:
        line = _line(row, free=row.free + held.get(row.offer_id, 0), own=row.seller_id in own, images=images)
        by_seller[row.seller_id].append((row, line))
    return tuple(
        _parcel(
            entries[0][0],
            tuple(line for _, line in entries),
            [option for option in options if option.seller_id == pk],
            country=country,
            choice=cart.shipping_choices.get(str(pk)),
        )
        for pk, entries in by_seller.items()
    )


def _line(row: _Row, *, free: int, own: bool, images: Mapping[int, SnapshotImage]) -> SnapshotLine:
    return SnapshotLine(
        offer_id=row.offer_id,
        sku=row.sku,
        product_id=row.product_id,
        product_slug=row.product_slug,
        title=row.title,
        variant_title=row.variant_title,
        condition=row.condition,
        quantity=row.quantity,
        seen_price_minor=row.seen_price_minor,
        price_minor=row.price_minor,
        free=free,
        problem=_problem(row, free=free, own=own),
        image=images.get(row.product_id),
    )


def _problem(row: _Row, *, free: int, own: bool) -> Problem | None:
    found = (
        (Problem.OWN, own),
        (Problem.UNAVAILABLE, not row.for_sale),
        (Problem.SOLD_OUT, free <= 0),
        (Problem.SHORT, free < row.quantity),
        (Problem.PRICE_CHANGED, row.price_minor != row.seen_price_minor),
    )
    return next((problem for problem, applies in found if applies), None)


def _parcel(
    row: _Row, lines: tuple[SnapshotLine, ...], options: list[ShippingOption], *, country: str, choice: int | None
) -> SnapshotParcel:
    """The parcel of the stall that ``row`` names; ``options`` are that stall's."""
    items = sum(line.total_minor for line in lines if line.buyable)
    choices = sorted(
        (
            ShippingChoice(
                option_id=option.pk,
                name=option.name,
                price_minor=_shipping_price(option, items),
                dispatch_days_min=row.dispatch_days_min,
                dispatch_days_max=row.dispatch_days_max,
                days_min=option.days_min,
                days_max=option.days_max,
            )
            for option in options
            if serves(option, country or row.seller_country)
        ),
        key=lambda entry: (entry.price_minor, entry.days_max, entry.option_id),
    )
    return SnapshotParcel(
        seller_id=row.seller_id,
        seller_slug=row.seller_slug,
        seller_name=row.seller_name,
        seller_hue=row.seller_hue,
        seller_country=row.seller_country,
        seller_open=row.seller_status == Seller.Status.APPROVED,
        lines=lines,
        options=tuple(choices),
        chosen=next((entry for entry in choices if entry.option_id == choice), None),
    )


def _shipping_price(option: ShippingOption, items_minor: int) -> int:
    is_free = option.free_from_minor is not None and items_minor >= option.free_from_minor
    return 0 if is_free else option.price_minor


def _images(product_ids: Collection[int]) -> dict[int, SnapshotImage]:
    ready = ProductImage.objects.filter(Q(product_id__in=product_ids), state=ProductImage.State.READY)
    first = ready.order_by("product_id", "position", "pk").distinct("product_id")
    return {
        product_id: SnapshotImage(key=key, width=width, height=height)
        for product_id, key, width, height in first.values_list("product_id", "key", "width", "height")
    }
