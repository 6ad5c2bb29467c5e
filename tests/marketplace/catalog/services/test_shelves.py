import pytest

from marketplace.catalog import queries
from marketplace.catalog.errors import BadProduct
from marketplace.catalog.facts import SHELVES_CHANGED
from marketplace.catalog.models import Category
from marketplace.catalog.services import save_category
from marketplace.core.errors import Conflict, NotFound
from tests.conftest import NOW
from tests.factories import a_category
from tests.marketplace.catalog.listening import told

pytestmark = pytest.mark.django_db


def paths() -> set[str]:
    return set(Category.objects.values_list("path", flat=True))


def test_a_shelf_that_moves_takes_along_what_is_under_it() -> None:
    ceramics, gifts = a_category(name="Ceramics"), a_category(name="Gifts")
    vases = a_category(name="Vases", parent=ceramics)
    a_category(name="Bud vases", parent=vases)
    a_category(name="Vases and more", parent=ceramics)
    save_category(category_id=vases.pk, name="Vases", parent_id=gifts.pk, now=NOW)
    assert paths() == {"ceramics", "gifts", "gifts/vases", "gifts/vases/bud-vases", "ceramics/vases-and-more"}
    assert told(SHELVES_CHANGED) == [{"category_id": vases.pk}]


def test_a_shelf_cannot_stand_under_itself() -> None:
    ceramics = a_category(name="Ceramics")
    vases = a_category(name="Vases", parent=ceramics)
    with pytest.raises(BadProduct, match="under itself"):
        save_category(category_id=ceramics.pk, name="Ceramics", parent_id=vases.pk, now=NOW)
    assert paths() == {"ceramics", "ceramics/vases"}


def test_two_shelves_never_share_an_address() -> None:
    a_category(name="Vases")
    with pytest.raises(Conflict, match="vases"):
        save_category(name="Vases", now=NOW)


def test_names_and_parents_must_exist() -> None:
    with pytest.raises(BadProduct):
        save_category(name=" ", now=NOW)
    with pytest.raises(NotFound):
        save_category(name="Vases", parent_id=987_654, now=NOW)


def test_a_new_shelf_is_seen_at_once_by_the_process_that_made_it(
    django_capture_on_commit_callbacks: pytest.FixtureRequest,
) -> None:
    assert not queries.shelves().by_slug
    with django_capture_on_commit_callbacks(execute=True):  # type: ignore[operator]
        save_category(name="Vases", now=NOW)
    assert set(queries.shelves().by_slug) == {"vases"}
