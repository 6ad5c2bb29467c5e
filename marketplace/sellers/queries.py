"""Reads about stalls: whose they are, and what their shipping costs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from marketplace.core import cache
from marketplace.core.errors import AwningError, NotFound
from marketplace.core.hall import currency
from marketplace.core.replica import reader
from marketplace.sellers.models import Seller, SellerMember, ShippingOption

# What lists of stalls, and whether there is one of a name, depend on.
STALLS = "stalls"
_RANK = {SellerMember.Role.STAFF: 1, SellerMember.Role.MANAGER: 2, SellerMember.Role.OWNER: 3}


class RoleTooLow(AwningError):
    """A member of the stall asked for something that needs a higher role."""

    code = "role_too_low"
    status = 403


@dataclass(frozen=True, slots=True)
class Stall:
    """A stall that trades, as its page shows it. Days are working days, except ``returns_days``."""

    pk: int
    slug: str
    name: str
    hue: int
    place: str
    country: str
    blurb: str
    story: str
    dispatch_days_min: int
    dispatch_days_max: int
    returns_days: int


@dataclass(frozen=True, slots=True)
class StallLine:
    """A stall in a list."""

    pk: int
    slug: str
    name: str
    hue: int
    place: str
    blurb: str


@dataclass(frozen=True, slots=True)
class Shipping:
    """A way of shipping a parcel of one stall. Prices are minor units, days working days on the road."""

    pk: int
    seller_id: int
    name: str
    countries: tuple[str, ...]
    price_minor: int
    free_from_minor: int | None
    days_min: int
    days_max: int

    def reaches(self, country: str) -> bool:
        """Whether parcels go there; ``country`` is an ISO 3166-1 alpha-2 code."""
        return not self.countries or country in self.countries

    def cost(self, goods_minor: int) -> int:
        """What a parcel with goods of this worth costs to send, in minor units."""
        free = self.free_from_minor is not None and goods_minor >= self.free_from_minor
        return 0 if free else self.price_minor


def member_seller(user_id: int | None, slug: str, *, at_least: str = SellerMember.Role.STAFF) -> Seller:
    """The stall of that slug, if the person works there: the one door to a seller's data.

    Raises NotFound for a stall that does not exist and for somebody else's alike, and RoleTooLow for a member whose
    role does not reach ``at_least`` (staff < manager < owner).
    """
    member = None
    if user_id is not None:
        member = SellerMember.objects.select_related("seller").filter(user_id=user_id, seller__slug=slug).first()
    if member is None:
        raise NotFound("There is no such stall among yours.")
    if _RANK[SellerMember.Role(member.role)] < _RANK[SellerMember.Role(at_least)]:
        role = SellerMember.Role(at_least).label.lower()
        raise RoleTooLow(f"Only {'an' if role == 'owner' else 'a'} {role} of the stall can do this: ask one of them.")
    return member.seller


def stalls_of(user_id: int) -> list[tuple[str, str]]:
    """Slug and name of every stall the person works at, by name."""
    rows = SellerMember.objects.filter(user_id=user_id).order_by("seller__name")
    return list(rows.values_list("seller__slug", "seller__name"))


def stall_tag(seller_id: int) -> str:
    """What everything that shows the stall depends on."""
    return f"stall:{seller_id}"


_STALL = cache.declare("stall", Stall, soft=900.0, hard=3600.0, negative=5.0)
_STALLS = cache.declare("stalls", tuple[StallLine, ...], soft=900.0, hard=3600.0)
_SHIPPING = cache.declare("shipping", dict[int, list[Shipping]], soft=900.0, hard=3600.0, local=0.0)


def stall(slug: str) -> Stall:
    """A stall that trades. Raises NotFound for one that does not exist, waits for approval or is suspended."""
    found: Stall | None = _STALL.get(slug, lambda: _load_stall(slug), depends=(STALLS,))
    if found is None:
        raise NotFound("There is no stall of this name in the market.")
    return found


def _load_stall(slug: str) -> Stall | None:
    fields = (
        "pk", "slug", "name", "hue", "place", "country", "blurb", "story",
        "dispatch_days_min", "dispatch_days_max", "returns_days",
    )  # fmt: skip
    rows = Seller.objects.using(reader().alias).filter(slug=slug, status=Seller.Status.APPROVED)
    row = rows.values_list(*fields).first()
    if row is None:
        return None
    cache.depend(stall_tag(row[0]))
    return Stall(*row)


def stalls(*, limit: int, offset: int = 0) -> Sequence[StallLine]:
    """Stalls that trade, by name."""
    return _STALLS.get(f"{offset}:{limit}", lambda: _load_stalls(limit, offset), depends=(STALLS,))


def _load_stalls(limit: int, offset: int) -> tuple[StallLine, ...]:
    rows = Seller.objects.using(reader().alias).filter(status=Seller.Status.APPROVED).order_by("name", "pk")
    fields = ("pk", "slug", "name", "hue", "place", "blurb")
    return tuple(StallLine(*row) for row in rows.values_list(*fields)[offset : offset + limit])


def stall_names(seller_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Slug and name of the trading stalls among these ids."""
    rows = Seller.objects.using(reader().alias).filter(pk__in=list(seller_ids), status=Seller.Status.APPROVED)
    return {pk: (slug, name) for pk, slug, name in rows.values_list("pk", "slug", "name")}


def stall_ids(slugs: Iterable[str]) -> dict[str, int]:
    """Ids of the trading stalls among these slugs."""
    rows = Seller.objects.using(reader().alias).filter(slug__in=list(slugs), status=Seller.Status.APPROVED)
    return dict(rows.values_list("slug", "pk"))


def shipping_of(seller_ids: Iterable[int]) -> dict[int, list[Shipping]]:
    """Every active way of shipping of these stalls."""
    ids = sorted(set(seller_ids))
    tags = tuple(stall_tag(seller_id) for seller_id in ids)
    return _SHIPPING.get(f"{currency()}:{','.join(map(str, ids))}", lambda: _load_shipping(ids), depends=tags)


def _load_shipping(seller_ids: list[int]) -> dict[int, list[Shipping]]:
    fields = ("pk", "seller_id", "name", "countries", "price_minor", "free_from_minor", "days_min", "days_max")
    found: dict[int, list[Shipping]] = {}
    options = ShippingOption.objects.using(reader().alias)
    rows = options.filter(seller__in=seller_ids, is_active=True).order_by("pk")
    for pk, seller_id, name, countries, *rest in rows.values_list(*fields):
        found.setdefault(seller_id, []).append(Shipping(pk, seller_id, name, tuple(countries), *rest))
    return found


def cheapest(options: Iterable[Shipping], *, country: str, goods_minor: int) -> Shipping | None:
    """The cheapest way to that country for goods of this worth, the faster one of two; None when none goes there."""
    going = [option for option in options if option.reaches(country)]
    return min(going, key=lambda option: (option.cost(goods_minor), option.days_max, option.pk), default=None)
