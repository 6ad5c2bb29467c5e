"""The category tree and the attributes that can be filtered: small, asked for by every page, remembered for a while."""

from dataclasses import dataclass, field

from marketplace.catalog.models import Attribute, Category
from marketplace.catalog.remember import Remembered, forget_all
from marketplace.catalog.search.params import RESERVED
from marketplace.core.replica import reader

# How old the tree may be on a process that did not change it itself (seconds).
FRESH = 15.0


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


def _load_shelves() -> Shelves:
    found = Shelves()
    rows = Category.objects.using(reader().alias).order_by("position", "name", "pk")
    for row in rows.values_list("pk", "parent_id", "name", "slug", "path", "blurb"):
        shelf = Shelf(*row)
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


shelves = Remembered(_load_shelves, seconds=FRESH)
facet_attributes = Remembered(_load_attributes, seconds=FRESH)
# Every attribute of each product type in display order, whether it can be filtered or not.
type_attributes = Remembered(_load_types, seconds=FRESH)


def forget() -> None:
    """Makes this process read the tree and the attributes again."""
    forget_all()
