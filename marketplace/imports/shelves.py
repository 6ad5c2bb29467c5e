"""Where a product of a file goes in this hall: its category, its type, and which of its attributes are typed."""

from dataclasses import dataclass, field

from marketplace.catalog.errors import BadProduct
from marketplace.catalog.models import Attribute, Category, ProductType
from marketplace.catalog.services.attributes import Value, checked_value
from marketplace.core.ids import slug_of
from marketplace.imports.records import ProductRecord

UNSORTED = ("unsorted", "Unsorted")
GENERAL = ("general-goods", "General goods")


@dataclass(frozen=True, slots=True)
class Place:
    """A category for a product; `missing` is the wanted path when the hall lacks it or its end."""

    category_id: int
    known: bool
    missing: str = ""


@dataclass(frozen=True, slots=True)
class Shelf:
    """One category: its id, name and the slugs above it."""

    pk: int
    name: str
    slugs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Description:
    """A product's properties, sorted into those its type knows and the rest."""

    type_id: int
    attributes: dict[str, Value]
    extras: dict[str, str]


@dataclass(slots=True)
class Shelves:
    """The hall's categories, types and attributes, read once per batch."""

    unsorted_id: int
    general_id: int
    by_word: dict[str, list[Shelf]] = field(default_factory=dict)
    types: dict[str, int] = field(default_factory=dict)
    attributes: dict[int, dict[str, Attribute]] = field(default_factory=dict)

    def place(self, record: ProductRecord) -> Place:
        """The category of the first path the hall knows to its end, else the nearest shelf above, else Unsorted."""
        nearest: tuple[int, Shelf] | None = None
        for path in record.categories:
            found = self._deepest(path)
            if found is None:
                continue
            if found[0] == len(path):
                return Place(found[1].pk, known=True)
            if nearest is None or found[0] > nearest[0]:
                nearest = found
        missing = " > ".join(record.categories[0]) if record.categories else ""
        if nearest is not None:
            return Place(nearest[1].pk, known=True, missing=missing)
        return Place(self.unsorted_id, known=False, missing=missing)

    def _deepest(self, path: tuple[str, ...]) -> tuple[int, Shelf] | None:
        """How many steps of the path the hall knows, and the shelf they lead to."""
        slugs = [slug_of(step) for step in path]
        for depth in range(len(path), 0, -1):
            shelves = self.by_word.get(slugs[depth - 1]) or self.by_word.get(path[depth - 1].casefold(), [])
            above = set(slugs[: depth - 1])
            ranked = sorted(shelves, key=lambda shelf: (-len(above & set(shelf.slugs)), shelf.slugs))
            # Two shelves of one name are told apart by what stands above them, or not at all.
            if ranked and (len(ranked) == 1 or above & set(ranked[0].slugs)):
                return depth, ranked[0]
        return None

    def describe(self, record: ProductRecord, *, type_id: int | None, categorised: bool) -> Description:
        """Typed values under the type's slugs; everything else as text under its own label."""
        named = self.types.get(record.kind.casefold()) if record.kind else None
        chosen = type_id or named or self.general_id
        attributes: dict[str, Value] = {}
        extras: dict[str, str] = {}
        known = self.attributes.get(chosen, {})
        for label, values in record.attributes:
            attribute = known.get(label.casefold()) or known.get(slug_of(label))
            value = typed(attribute, values) if attribute else None
            if attribute is not None and value is not None:
                attributes[attribute.slug] = value
            else:
                extras[label] = ", ".join(values)
        if record.kind and named is None and not (categorised and record.categories):
            extras.setdefault("Type", record.kind)
        if record.tags:
            extras.setdefault("Tags", ", ".join(record.tags))
        return Description(chosen, attributes, extras)


def typed(attribute: Attribute, values: tuple[str, ...]) -> Value | None:
    """The values as the attribute's kind stores them, None when they do not fit it."""
    try:
        return checked_value(attribute, ", ".join(values))
    except BadProduct:
        return None


def load_shelves() -> Shelves:
    """Reads the hall's shelves, making the two that imports fall back on when they are missing."""
    unsorted, _ = Category.objects.get_or_create(
        slug=UNSORTED[0], defaults={"name": UNSORTED[1], "path": UNSORTED[0], "position": 999}
    )
    general, _ = ProductType.objects.get_or_create(slug=GENERAL[0], defaults={"name": GENERAL[1]})
    shelves = Shelves(unsorted.pk, general.pk)
    for pk, name, slug, path in Category.objects.values_list("pk", "name", "slug", "path"):
        shelf = Shelf(pk, name, tuple(path.split("/")))
        for word in {slug, slug_of(name), name.casefold()}:
            shelves.by_word.setdefault(word, []).append(shelf)
    for pk, name, slug in ProductType.objects.values_list("pk", "name", "slug"):
        shelves.types[slug] = shelves.types[name.casefold()] = pk
    for attribute in Attribute.objects.all():
        known = shelves.attributes.setdefault(attribute.product_type_id, {})
        known[attribute.slug] = known[attribute.label.casefold()] = attribute
    return shelves
