"""The category tree: a shelf keeps the path of slugs from the root, and so does everything under it."""

from datetime import datetime

from django.db import IntegrityError, connection, transaction

from marketplace.catalog import facts, queries
from marketplace.catalog.errors import BadProduct
from marketplace.catalog.models import Category
from marketplace.core import cache, events
from marketplace.core.errors import Conflict, NotFound
from marketplace.core.ids import slug_of

MAX_PATH = 400

# What stands under the moved shelf keeps its own part of the path.
_MOVE = """
UPDATE catalog_category SET path = %(new)s || substr(path, length(%(old)s) + 1)
WHERE starts_with(path, %(old)s || '/')
"""


def save_category(
    *,
    name: str,
    now: datetime,
    category_id: int | None = None,
    parent_id: int | None = None,
    slug: str = "",
    blurb: str = "",
    position: int = 0,
) -> Category:
    """Makes or changes a shelf; when it moves, everything under it moves along and is found under its new place.

    Raises BadProduct for a shelf that would stand under itself or too deep, Conflict for a slug in use, NotFound.
    """
    with transaction.atomic():
        # One writer at a time: two moves at once could put two shelves under each other.
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE catalog_category IN SHARE ROW EXCLUSIVE MODE")
        category = _category(category_id)
        old_path = category.path
        parent = _category(parent_id) if parent_id is not None else None
        category.name, category.blurb, category.position = name.strip()[:80], blurb.strip()[:200], position
        category.slug = slug or category.slug or slug_of(name)
        category.parent = parent
        category.path = f"{parent.path}/{category.slug}" if parent else category.slug
        _check(category, old_path)
        _save(category)
        if old_path and old_path != category.path:
            with connection.cursor() as cursor:
                cursor.execute(_MOVE, {"old": old_path, "new": category.path})
        events.publish(facts.SHELVES_CHANGED, {"category_id": category.pk}, now=now)
        cache.touch(queries.SHELVES)
    return category


def _check(category: Category, old_path: str) -> None:
    if not category.name:
        raise BadProduct("Give the category a name.", fields={"name": "Give the category a name."})
    if old_path and f"{category.path}/".startswith(f"{old_path}/") and category.path != old_path:
        raise BadProduct("A category cannot stand under itself.", fields={"parent": "Choose another parent."})
    if len(category.path) > MAX_PATH:
        raise BadProduct("The category would stand too deep.", fields={"parent": "Choose a parent further up."})


def _save(category: Category) -> None:
    try:
        with transaction.atomic():
            category.save()
    except IntegrityError as error:
        message = f"The address {category.slug} is taken by another category: choose another slug."
        raise Conflict(message, fields={"slug": message}) from error


def _category(category_id: int | None) -> Category:
    if category_id is None:
        return Category()
    found = Category.objects.filter(pk=category_id).first()
    if found is None:
        raise NotFound("There is no such category.")
    return found
