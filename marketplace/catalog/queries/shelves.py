"""The category tree and the attributes that can be filtered: small, asked for by every page, remembered for a while."""

from dataclasses import dataclass, field

from marketplace.catalog.models import Attribute, Category
from marketplace.catalog.search.params import RESERVED
from marketplace.core import cache
from marketplace.core.replica import primary, reader

# What every page needs of the catalogue's order: one tag for the tree, one for the kinds of products.
SHELVES, KINDS = "shelves", "kinds"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A category as navigation needs it."""

    pk: int
    parent_id: int | None
    name: str
    slug: str
    path: str
    blurb: str


@dataclass(frozen=True, slots=True)
class Shelves:
    """The tree by id, by slug and from above; children stand in display order, the top under None."""

    by_id: dict[int, Shelf] = field(default_factory=dict)
    by_slug: dict[str, Shelf] = field(default_factory=dict)
    children: dict[int | None, list[Shelf]] = field(default_factory=dict)

    def above(self, shelf: Shelf) -> list[Shelf]:
        """The shelves from the root down to, but not with, this one."""
        found = []
        upper = self.by_id.get(shelf.parent_id) if shelf.parent_id else None
        while upper is not None:
            found.append(upper)
            upper = self.by_id.get(upper.parent_id) if upper.parent_id else None
        return found[::-1]

    def root_of(self, shelf: Shelf) -> Shelf:
        """The top shelf this one stands under, or itself."""
        return next(iter(self.above(shelf)), shelf)


@dataclass(frozen=True, slots=True)
class FacetAttribute:
    """A filter by attribute; types that share a slug share the filter. ``choices`` are in the order of their type."""

    slug: str
    label: str
    kind: str
    unit: str
    choices: tuple[str, ...]


def _load_shelves() -> tuple[Shelf, ...]:
    rows = Category.objects.using(reader().alias).order_by("position", "name", "pk")
    return tuple(Shelf(*row) for row in rows.values_list("pk", "parent_id", "name", "slug", "path", "blurb"))


def _tree(rows: tuple[Shelf, ...]) -> Shelves:
    found = Shelves()
    for shelf in rows:
        found.by_id[shelf.pk] = found.by_slug[shelf.slug] = shelf
        found.children.setdefault(shelf.parent_id, []).append(shelf)
    return found


def _load_attributes() -> dict[str, FacetAttribute]:
    found: dict[str, FacetAttribute] = {}
    rows = (
        Attribute.objects.using(reader().alias)
        .filter(filterable=True)
        .exclude(slug__in=RESERVED)
        .order_by("position", "pk")
    )
    for slug, label, kind, unit, choices in rows.values_list("slug", "label", "kind", "unit", "choices"):
        known = found.get(slug)
        merged = tuple(dict.fromkeys([*(known.choices if known else ()), *choices]))
        first = known or FacetAttribute(slug, label, kind, unit, ())
        found[slug] = FacetAttribute(slug, first.label, first.kind, first.unit, merged)
    return found


def _load_types() -> dict[int, tuple[FacetAttribute, ...]]:
    found: dict[int, list[FacetAttribute]] = {}
    rows = Attribute.objects.using(reader().alias).order_by("position", "pk")
    for type_id, slug, label, kind, unit, choices in rows.values_list(
        "product_type_id", "slug", "label", "kind", "unit", "choices"
    ):
        found.setdefault(type_id, []).append(FacetAttribute(slug, label, kind, unit, tuple(choices)))
    return {type_id: tuple(attributes) for type_id, attributes in found.items()}


_SHELVES = cache.declare("shelves", tuple[Shelf, ...], soft=900.0, hard=3600.0)
_FACETS = cache.declare("facets", dict[str, FacetAttribute], soft=900.0, hard=3600.0)
_KINDS = cache.declare("kinds", dict[int, tuple[FacetAttribute, ...]], soft=900.0, hard=3600.0)
# The tree built of the rows that were read last: the same rows are the same tree.
_built: list[tuple[tuple[Shelf, ...], Shelves]] = []


def shelves(*, holding: int | None = None) -> Shelves:
    """The category tree; one that has the shelf of this id, however new it is."""
    rows = _SHELVES.get("all", _load_shelves, depends=(SHELVES,))
    if _built and _built[0][0] is rows:
        tree = _built[0][1]
    else:
        tree = _tree(rows)
        _built[:] = [(rows, tree)]
    if holding is None or holding in tree.by_id:
        return tree
    # Made elsewhere since this process has looked: its memory is behind by seconds.
    with primary():
        return _tree(_load_shelves())


def facet_attributes() -> dict[str, FacetAttribute]:
    """Attributes that lists can be filtered by, by slug."""
    return _FACETS.get("all", _load_attributes, depends=(KINDS,))


def type_attributes() -> dict[int, tuple[FacetAttribute, ...]]:
    """Every attribute of each product type in display order, whether it can be filtered or not."""
    return _KINDS.get("all", _load_types, depends=(KINDS,))


def forget() -> None:
    """Makes this process read everything again: after rows were written past the services."""
    cache.engine().forget()
