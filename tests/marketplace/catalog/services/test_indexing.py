import threading

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from marketplace.catalog.facts import BATCH
from marketplace.catalog.models import Category, Offer, Product, SearchEntry, SearchWord
from marketplace.catalog.services import refresh_words, reindex, reindex_all
from marketplace.sellers.models import Seller
from tests import factories
from tests.factories import a_category, a_product, a_variant, an_attribute, an_offer


def entry(product: Product) -> SearchEntry | None:
    reindex([product.pk])
    return SearchEntry.objects.filter(pk=product.pk).first()


def found(product: Product) -> SearchEntry:
    row = entry(product)
    assert row is not None
    return row


def matches(query: str) -> set[int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT product_id FROM catalog_searchentry WHERE document @@ to_tsquery('awning', %s)", [query])
        return {row[0] for row in cursor.fetchall()}


def test_a_row_holds_everything_a_list_needs(kiln: Seller, groove: Seller) -> None:
    an_attribute(label="Glaze", choices=["Celadon"], position=1)
    an_attribute(label="Signed", kind="boolean", position=2)
    an_attribute(label="Height", kind="number", filterable=False, position=3)
    ceramics = a_category(name="Ceramics")
    vases = a_category(name="Vases", parent=ceramics)
    product = a_product(
        owner=kiln, category=vases, popularity=7, attributes={"glaze": "Celadon", "signed": False, "height": "30"}
    )
    variant = a_variant(product)
    an_offer(seller=kiln, variant=variant, price_minor=2500, stock=0)
    an_offer(seller=groove, variant=variant, price_minor=3000, stock=2, condition="good")
    row = found(product)
    assert (row.price_minor, row.in_stock, row.popularity) == (3000, True, 7)
    assert row.categories == [ceramics.pk, vases.pk]
    assert row.sellers == sorted([kiln.pk, groove.pk])
    assert row.tokens == ["condition:good", "glaze:Celadon", "signed:no"]


def test_sold_out_everywhere_shows_the_lowest_price_and_every_condition(kiln: Seller) -> None:
    product = a_product(owner=kiln)
    variant = a_variant(product)
    an_offer(seller=kiln, variant=variant, price_minor=2500, stock=0)
    an_offer(seller=kiln, variant=variant, price_minor=1500, stock=0, condition="fair")
    row = found(product)
    assert (row.price_minor, row.in_stock) == (1500, False)
    assert row.tokens == ["condition:fair", "condition:new"]


@pytest.mark.parametrize("why", ["draft", "archived", "paused offer", "suspended stall", "no offer"])
def test_what_cannot_be_found_any_more_leaves_the_index(kiln: Seller, why: str) -> None:
    product = a_product(owner=kiln)
    an_offer(seller=kiln, product=product)
    assert entry(product) is not None
    match why:
        case "draft" | "archived":
            Product.objects.update(status=why)
        case "paused offer":
            Offer.objects.update(status="paused")
        case "suspended stall":
            Seller.objects.update(status="suspended")
        case _:
            Offer.objects.update(variant=a_variant(a_product(owner=kiln)))
    assert entry(product) is None


def test_an_offer_of_a_suspended_stall_counts_for_nothing(kiln: Seller) -> None:
    product = a_product(owner=kiln)
    variant = a_variant(product)
    an_offer(seller=kiln, variant=variant, price_minor=2500)
    an_offer(seller=factories.a_seller(status="suspended"), variant=variant, price_minor=100)
    row = found(product)
    assert (row.price_minor, row.sellers) == (2500, [kiln.pk])


def test_words_come_from_title_sku_gtin_options_attributes_category_and_description(kiln: Seller) -> None:
    an_attribute(label="Glaze", choices=["Celadon"])
    product = a_product(
        owner=kiln,
        title="Café “Größe” No. 3",
        brand="Kiln & Co",
        category=a_category(name="Bud vases"),
        description="<p>Fired&nbsp;twice<br>in <b class='hidden'>wood</b></p>",
        attributes={"glaze": "Celadon"},
    )
    variant = a_variant(product, size="XL-9")
    variant.gtin = "4006381333931"
    variant.save()
    an_offer(seller=kiln, variant=variant, sku="OP-1/b")
    reindex([product.pk])
    for word in (
        "cafe",
        "café",
        "grosse",
        "3",
        "kiln",
        "op",
        "1",
        "xl",
        "9",
        "4006381333931",
        "celadon",
        "bud",
        "twice",
        "wood",
    ):
        assert matches(f"'{word}'") == {product.pk}, word
    for word in ("nbsp", "class", "hidden", "br", "b2"):
        assert matches(f"'{word}'") == set(), word


def test_the_title_weighs_more_than_the_description(kiln: Seller) -> None:
    product = a_product(
        owner=kiln, title="Celadon", description="<p>tenmoku</p>", brand="Kiln", category=a_category(name="Vases")
    )
    an_offer(seller=kiln, product=product, sku="Q")
    reindex([product.pk])
    assert matches("celadon:A")
    assert matches("kiln:B")
    assert matches("vases:C")
    assert matches("tenmoku:D")
    assert not matches("tenmoku:ABC")


def test_an_attribute_with_the_name_of_a_list_parameter_is_no_filter(kiln: Seller) -> None:
    an_attribute(label="Condition", choices=["new"])
    product = a_product(owner=kiln, attributes={"condition": "new"})
    an_offer(seller=kiln, product=product, condition="fair")
    assert found(product).tokens == ["condition:fair"]


def test_repeating_it_writes_nothing(kiln: Seller) -> None:
    product = a_product(owner=kiln)
    an_offer(seller=kiln, product=product)
    reindex([product.pk])

    def version() -> object:
        with connection.cursor() as cursor:
            cursor.execute("SELECT xmin, ctid FROM catalog_searchentry")
            return cursor.fetchall()

    before = version()
    reindex([product.pk, product.pk, 987_654])
    assert version() == before


def test_the_number_of_queries_does_not_depend_on_the_number_of_products(
    kiln: Seller, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    ids = [an_offer(seller=kiln).variant.product_id for _ in range(30)]
    for wanted in (ids[:1], ids):
        with django_assert_num_queries(5):  # the lock, the index, the words; a savepoint and its release
            reindex(wanted)
    assert SearchEntry.objects.count() == 30


def test_odd_options_and_attributes_do_not_stop_the_batch(kiln: Seller) -> None:
    odd, good = a_product(owner=kiln, attributes={"glaze": ["a", "b"]}), a_product(owner=kiln)
    an_attribute(label="Glaze", kind="text")
    variant = a_variant(odd)
    variant.options = {"not": "a list"}
    variant.save()
    an_offer(seller=kiln, variant=variant)
    an_offer(seller=kiln, product=good)
    reindex([odd.pk, good.pk])
    assert SearchEntry.objects.count() == 2


def test_everything_can_be_rebuilt_in_batches(kiln: Seller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("marketplace.catalog.services.indexing.BATCH", 2)
    products = [an_offer(seller=kiln).variant.product for _ in range(5)]
    reindex_all()
    Product.objects.filter(pk=products[0].pk).update(status="archived")
    Category.objects.filter(pk=products[1].category_id).update(name="Renamed")
    assert reindex_all() == 5
    assert SearchEntry.objects.count() == 4
    assert matches("renamed") == {products[1].pk}
    assert BATCH == 500


def test_the_dictionary_learns_at_once_and_forgets_when_counted(kiln: Seller) -> None:
    product = a_product(owner=kiln, title="Celadon vase 12", description="<p>porcelaineous</p>")
    an_offer(seller=kiln, product=product)
    reindex([product.pk])
    known = set(SearchWord.objects.values_list("word", flat=True))
    assert {"celadon", "vase"} <= known
    assert not {"12", "porcelaineous"} & known
    Product.objects.update(title="Tenmoku vase")
    another = a_product(owner=kiln, title="Blue vase")
    an_offer(seller=kiln, product=another)
    reindex([product.pk, another.pk])
    refresh_words()
    assert dict(SearchWord.objects.filter(word__in=["celadon", "tenmoku", "vase"]).values_list("word", "products")) == {
        "tenmoku": 1,
        "vase": 2,
    }


@pytest.mark.django_db(transaction=True)
def test_an_older_picture_never_overwrites_a_newer_one() -> None:
    """The second indexes while the first is between its two prices; it must read only what the first has left."""
    seller = factories.a_seller()
    product = a_product(owner=seller)
    offer = an_offer(seller=seller, product=product, price_minor=1000)

    def second() -> None:
        reindex([product.pk])
        connection.close()

    thread = threading.Thread(target=second)
    with transaction.atomic():
        reindex([product.pk])
        thread.start()
        thread.join(timeout=0.5)
        assert thread.is_alive(), "the second must wait for the first"
        Offer.objects.filter(pk=offer.pk).update(price_minor=2000)
        reindex([product.pk])
    thread.join(timeout=10)
    assert SearchEntry.objects.get(pk=product.pk).price_minor == 2000
