"""The hall through PgBouncer in transaction mode: the system's own, before the test database."""

import io
import threading
from collections.abc import Callable, Iterator
from typing import TypeVar

import pytest
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection, connections, transaction

from config.databases import WEB_TIMEOUTS, WORKER_TIMEOUTS, database, plain
from config.probing import DATABASE, _limits_of_statements
from marketplace.carts import services as carts
from marketplace.catalog.models import Product
from marketplace.core.db import run_again
from marketplace.imports.writing import lock_stall
from tests import factories
from tests.conftest import NOW
from tests.monitoring.database.bouncer import SERVER_CONNECTIONS, bouncer
from tests.monitoring.database.pooled import in_thread, start
from tests.monitoring.database.test_engine import ask

T = TypeVar("T")

LIMITS = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[str]:
    with bouncer(tmp_path_factory.mktemp("bouncer")) as url:
        yield url


@pytest.fixture
def pooler(url: str, transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Threads that begin in the test go through it, with the limits of the web in the role."""
    call_command("role_timeouts", "web", stdout=io.StringIO())
    made = database(url, name="DATABASE_URL", timeouts=WEB_TIMEOUTS, pool=None, application="awning-pooler")
    monkeypatch.setitem(connections.settings, DEFAULT_DB_ALIAS, dict(connection.settings_dict) | made)
    yield url
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user, current_database()")
        for name in LIMITS:
            role, own = connection.ops.quote_name(connection.settings_dict["USER"]), connection.settings_dict["NAME"]
            cursor.execute(f"ALTER ROLE {role} IN DATABASE {connection.ops.quote_name(own)} RESET {name}")


def through(work: Callable[[], T]) -> T:
    """What a thread finds whose connections lead through the pooler."""
    found: list[T] = []
    in_thread(lambda: found.append(work()))
    return found[0]


def shown(name: str) -> str:
    with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
        cursor.execute(f"SHOW {name}")
        return str(cursor.fetchone()[0])


def test_pages_and_a_purchase_go_through_it(pooler: str) -> None:
    offer = factories.an_offer(seller=factories.a_seller(), stock=5)
    slug = offer.variant.product.slug

    def visit() -> list[int]:
        return [ask(path).status_code for path in ("/", f"/p/{slug}/", "/search/?q=vase", "/cart/")]

    def fill() -> int:
        with transaction.atomic():
            cart = carts.open_cart(user_id=None, cart_id=None, now=NOW)
        run_again(lambda: carts.add_line(cart_id=cart.pk, offer_id=offer.pk, quantity=2, now=NOW))
        return cart.lines.count()

    assert through(visit) == [200] * 4
    assert [through(fill) for _ in range(3)] == [1] * 3


def test_a_long_answer_is_read_in_pieces_by_more_readers_than_connections(pooler: str) -> None:
    """A cursor that stays open on the server would be looked for on another connection."""
    for _ in range(5):
        factories.a_product()
    found: list[int] = []

    def read() -> None:
        rows = Product.objects.order_by("pk").values_list("pk")
        found.extend(len(list(rows.iterator(chunk_size=2))) for _ in range(10))

    threads = [start(read) for _ in range(3 * SERVER_CONNECTIONS)]
    for thread in threads:
        thread.join(20)
    assert found == [5] * (30 * SERVER_CONNECTIONS)


def test_locks_by_name_end_with_their_transaction(pooler: str) -> None:
    """One of the session would stay with a connection that somebody else uses by now."""
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            lock_stall(7)
            held.set()
            done.wait(20)

    def try_it() -> bool:
        with transaction.atomic(), connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '50ms'")
            try:
                lock_stall(7)
            except OperationalError:
                return False
        return True

    holder = start(hold)
    assert held.wait(20)
    assert not through(try_it)
    done.set()
    holder.join(20)
    assert [through(try_it) for _ in range(2 * SERVER_CONNECTIONS)] == [True] * 4
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted")
        assert cursor.fetchone() == (0,)


def test_the_limits_of_the_role_hold_on_it(pooler: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [through(lambda name=name: shown(name)) for name in LIMITS] == ["5s", "2s", "10s"]  # type: ignore[misc]
    monkeypatch.setenv(DATABASE, pooler)
    assert list(_limits_of_statements(DATABASE)) == []


def test_preflight_names_a_pooler_that_was_not_told_of_and_limits_that_do_not_hold(
    url: str, db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATABASE, plain(url))
    (found,) = _limits_of_statements(DATABASE)
    assert "refuses the time-outs" in found.msg
    assert "?pgbouncer=true" in str(found.hint)
    monkeypatch.setenv(DATABASE, url.replace(f"/{connection.settings_dict['NAME']}?", "/postgres?"))
    (found,) = _limits_of_statements(DATABASE)
    assert "no statement_timeout" in found.msg


def test_a_direct_connection_brings_its_own_limits(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    own = connection.settings_dict
    url = f"postgres://{own['USER']}:{own['PASSWORD']}@{own['HOST']}:{own['PORT']}/{own['NAME']}"
    made = database(url, name="DATABASE_URL", timeouts=WORKER_TIMEOUTS, pool=None, application="x")
    assert "statement_timeout=30000" in made["OPTIONS"]["options"]
    assert made["DISABLE_SERVER_SIDE_CURSORS"] is False
    monkeypatch.setenv(DATABASE, url)
    assert list(_limits_of_statements(DATABASE)) == []


def test_the_mark_of_the_url_is_ours_and_not_libpqs() -> None:
    url = "postgres://awning@pooler:6432/awning?sslmode=require&pgbouncer=true"
    made = database(url, name="DATABASE_URL", timeouts=WEB_TIMEOUTS, pool=None, application="x")
    assert "options" not in made["OPTIONS"]
    assert "pgbouncer" not in made["OPTIONS"]
    assert made["OPTIONS"]["sslmode"] == "require"
    assert made["DISABLE_SERVER_SIDE_CURSORS"] is True
    assert plain(url) == "postgres://awning@pooler:6432/awning?sslmode=require"
