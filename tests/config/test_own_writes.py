"""Pages read the replica; who has just written, programs and pages about one's own do not."""

import copy
from collections.abc import Iterator

import pytest
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from config import own_writes
from config.databases import WEB_TIMEOUTS, pool, replica
from marketplace.catalog import queries as catalog
from marketplace.core import replica as reads
from marketplace.sellers.models import Seller
from monitoring.database import standby
from monitoring.database.standby import ALIAS
from tests import factories
from tests.monitoring.database.pooled import in_thread


@pytest.fixture
def hall(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A second connection to the test database stands for the replica, and is well."""
    same = copy.deepcopy(connection.settings_dict)
    monkeypatch.setitem(connections.settings, ALIAS, same | {"CONN_MAX_AGE": 0})
    monkeypatch.setattr(standby, "usable", lambda: True)
    monkeypatch.setattr(standby, "connection", connected)
    yield
    connection_created.disconnect(dispatch_uid="own_writes")


def connected() -> BaseDatabaseWrapper:
    """Django's tests keep threads off databases that were not there when the test began."""
    own = connections[ALIAS]
    if own.connection is None:
        own.connect()
    return own


def answered(method: str, path: str, *, cookies: str = "", write: bool = False) -> tuple[list[str], HttpResponse]:
    """The connections that the reads of a request were answered by, and what its reader was told."""
    used: list[str] = []

    def view(request: HttpRequest) -> HttpResponse:
        used.append(reads.reader().alias)
        catalog.findable_count()
        if write:
            Seller.objects.update(name="New name")
            used.append(reads.reader().alias)
        return HttpResponse()

    found: list[HttpResponse] = []

    def ask() -> None:
        request = RequestFactory(headers={"cookie": cookies}).generic(method, path)
        answer = own_writes.middleware(view)(request)
        assert isinstance(answer, HttpResponse)
        found.append(answer)

    in_thread(ask)
    return used, found[0]


@pytest.mark.usefixtures("hall")
def test_pages_that_show_read_the_replica() -> None:
    used, answer = answered("GET", "/search/?q=vase")
    assert used == ["replica"]
    assert not answer.cookies


@pytest.mark.usefixtures("hall")
def test_pages_about_ones_own_read_the_primary() -> None:
    paths = ("/cart/", "/checkout/", "/orders/", "/account/", "/admin/x/", "/sell/x/", "/api/v1/", "/ops/")
    assert {path: answered("GET", path)[0] for path in paths} == {path: ["default"] for path in paths}


@pytest.mark.usefixtures("hall")
def test_who_writes_reads_the_primary_then_and_for_ten_seconds() -> None:
    used, answer = answered("POST", "/cart/add/", write=True)
    assert used == ["default", "default"]
    mark = answer.cookies[own_writes.COOKIE]
    assert (mark["max-age"], mark["httponly"], mark["samesite"]) == (10, True, "Lax")
    assert mark["max-age"] > standby.MOST_LAG + standby.GOOD_FOR
    assert answered("GET", "/", cookies=f"{own_writes.COOKIE}=1")[0] == ["default"]
    assert answered("GET", "/")[0] == ["replica"], "others go on as before"


@pytest.mark.usefixtures("hall")
def test_a_form_that_changed_nothing_leaves_no_mark() -> None:
    used, answer = answered("POST", "/search/")
    assert used == ["default"]
    assert not answer.cookies


@pytest.mark.usefixtures("hall")
def test_a_page_that_writes_goes_on_with_the_primary_and_leaves_no_mark() -> None:
    """A page that is counted or touches its session says nothing about what its reader expects to see."""
    used, answer = answered("GET", "/", write=True)
    assert used == ["replica", "default"]
    assert not answer.cookies


@pytest.mark.usefixtures("hall")
def test_catalogue_search_and_stalls_ask_the_replica() -> None:
    """But for what was touched a moment ago, as the shelves were here: that is loaded anew from the primary."""
    offer = factories.an_offer(seller=factories.a_seller(slug="kiln"), stock=5)
    product = offer.variant.product
    asked: dict[str, list[str]] = {DEFAULT_DB_ALIAS: [], ALIAS: []}

    def note(execute, sql, params, many, context):  # type: ignore[no-untyped-def]
        asked[context["connection"].alias].append(sql)
        return execute(sql, params, many, context)

    def visit() -> None:
        with (
            reads.allowed(),
            connections[DEFAULT_DB_ALIAS].execute_wrapper(note),
            connections[ALIAS].execute_wrapper(note),
        ):
            catalog.forget()
            catalog.product(product.slug)
            catalog.offers(product.pk)
            catalog.cards([product.pk])
            catalog.findable_count()
            assert len(list(catalog.sitemap_slugs(offset=0, limit=5))) <= 5

    in_thread(visit)
    assert asked[DEFAULT_DB_ALIAS] == []
    assert len(asked[ALIAS]) >= 4


def test_without_a_replica_there_is_no_middleware_and_no_connection() -> None:
    with pytest.raises(own_writes.MiddlewareNotUsed):
        own_writes.middleware(lambda request: HttpResponse())
    assert replica("", timeouts=WEB_TIMEOUTS, pool=pool(), application="x") == {}


def test_the_replicas_connection_only_reads_waits_shortly_and_keeps_no_cursor() -> None:
    made = replica("postgres://a@b/c", timeouts=WEB_TIMEOUTS, pool=pool(), application="x")[ALIAS]
    assert "default_transaction_read_only=1" in made["OPTIONS"]["options"]
    assert made["OPTIONS"]["pool"]["timeout"] < 1
    assert made["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert made["TEST"] == {"MIRROR": "default"}


@pytest.mark.parametrize(
    ("statement", "writing"),
    [
        ("SELECT 1 FOR UPDATE", False),
        ("\n  select 1", False),
        ("SAVEPOINT a", False),
        ("SET LOCAL lock_timeout = 1", False),
        ("WITH a AS (SELECT 1 FROM b FOR UPDATE SKIP LOCKED) SELECT * FROM a", False),
        ("WITH a AS (SELECT 1) INSERT INTO b SELECT * FROM a", True),
        ("WITH a AS (UPDATE b SET c = 1 RETURNING c) SELECT * FROM a", True),
        ("WITH a AS (DELETE FROM b RETURNING c) SELECT * FROM a", True),
        ("INSERT INTO a VALUES (1)", True),
        ("UPDATE a SET b = 1", True),
        ("TRUNCATE a", True),
    ],
)
def test_what_counts_as_a_write(statement: str, *, writing: bool) -> None:
    assert reads.writes(statement) is writing
