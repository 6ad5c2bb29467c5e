"""Reads go to a real streaming replica while it is well, and to the primary when it lags, dies, hangs or takes writes."""

import copy
import time
from collections.abc import Callable, Iterator
from typing import TypeVar

import psycopg
import pytest
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connection, connections, transaction
from django.db.backends.signals import connection_created
from psycopg.conninfo import conninfo_to_dict

from marketplace.core import replica
from monitoring.database import patience, standby
from monitoring.database.patience import Watcher
from monitoring.database.standby import ALIAS
from tests.conftest import NOW
from tests.monitoring.database.pooled import in_thread, start
from tests.monitoring.database.streaming import Pair, until

T = TypeVar("T")

# On the primary it answers at once.
SLOW_ON_THE_REPLICA = "SELECT CASE WHEN pg_is_in_recovery() THEN pg_sleep(20)::text ELSE 'primary' END"
WHERE = "SELECT CASE WHEN pg_is_in_recovery() THEN 'replica' ELSE 'primary' END"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    pair = Pair(tmp_path_factory.mktemp("pair"))
    pair.write("CREATE TABLE thing (name text); GRANT ALL ON thing TO awning")
    yield pair
    pair.stop()


@pytest.fixture
def pair(servers: Pair, monkeypatch: pytest.MonkeyPatch, django_db_blocker: pytest.FixtureRequest) -> Iterator[Pair]:
    """Both servers well and seen so. Threads that begin in the test use them; its own thread keeps its connection."""
    settings = connections.settings
    monkeypatch.setitem(settings, DEFAULT_DB_ALIAS, _settings(servers.primary.url, pool=False))
    monkeypatch.setitem(settings, ALIAS, _settings(servers.url, pool=True))
    monkeypatch.setattr(standby, "_watch", standby.Watch())
    # As the web process does, when its middleware is made.
    connection_created.connect(replica.attach, weak=False, dispatch_uid="tests")
    with django_db_blocker.unblock():  # type: ignore[attr-defined]
        servers.mend()
        until(looked, "the replica")
        yield servers
        standby.hang_up()
        in_thread(connections[ALIAS].close_pool)  # type: ignore[attr-defined]
        connections[ALIAS].close()
        del connections[ALIAS]
    connection_created.disconnect(dispatch_uid="tests")


def _settings(url: str, *, pool: bool) -> dict[str, object]:
    parts = conninfo_to_dict(url)
    options: dict[str, object] = {"connect_timeout": 5}
    if pool:
        options["pool"] = {"min_size": 1, "max_size": 4, "timeout": 0.5}
    named = {name.upper(): str(parts[key]) for name, key in (("user", "user"), ("host", "host"), ("port", "port"))}
    own = {**named, "NAME": parts["dbname"], "PASSWORD": parts["password"], "OPTIONS": options, "CONN_MAX_AGE": 0}
    return copy.deepcopy(connection.settings_dict) | own | {"CONN_HEALTH_CHECKS": False}


def looked() -> bool:
    standby.look(NOW)
    return standby.usable()


def as_page(work: Callable[[], T]) -> T:
    """What a thread finds that answers a request for a page."""
    found: list[T] = []

    def run() -> None:
        with replica.allowed():
            found.append(work())

    in_thread(run)
    return found[0]


def read(statement: str = WHERE) -> str:
    with replica.reader().cursor() as cursor:
        cursor.execute(statement)
        return str(cursor.fetchone()[0])


def fallbacks(sqlstate: str) -> float:
    return standby.fallbacks_total.labels(sqlstate)._value.get()


def test_pages_read_the_replica_and_an_idle_primary_is_no_lag(pair: Pair) -> None:
    assert as_page(read) == "replica"
    for _ in range(3):
        assert looked()
        assert standby.lag() < standby.MOST_LAG
    assert standby.figures()["used"] is True
    assert standby.why_not() == ""


def test_nothing_else_does(pair: Pair) -> None:
    def writing() -> tuple[str, str, str]:
        before = read()
        with connections[DEFAULT_DB_ALIAS].cursor() as cursor:
            cursor.execute("INSERT INTO thing VALUES ('mine')")
        mine = read("SELECT CASE WHEN pg_is_in_recovery() THEN 'replica' ELSE min(name) END FROM thing")
        return before, mine, read()

    def inside() -> tuple[str, str]:
        with transaction.atomic():
            within = read()
        with replica.primary():
            return within, read()

    found: list[str] = []
    in_thread(lambda: found.append(read()))
    assert found == ["primary"], "jobs, commands and background threads"
    assert as_page(writing) == ("replica", "mine", "primary"), "from the first write on"
    assert as_page(inside) == ("primary", "primary"), "in a transaction; where it was asked for"
    assert as_page(lambda: (replica.reading(), read())) == (True, "replica"), "and the next page does again"


def test_nothing_is_written_through_it(pair: Pair) -> None:
    def write() -> None:
        with replica.reader().cursor() as cursor:
            cursor.execute("INSERT INTO thing VALUES ('stray')")

    def refused() -> bool:
        with pytest.raises(DatabaseError, match="read-only"):
            write()
        return True

    assert as_page(refused)


def test_a_replica_that_falls_behind_is_left_and_comes_back_by_itself(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(standby, "MOST_LAG", 0.2)
    pair.pause()
    assert looked(), "nothing was written: nothing is missing"
    pair.write("INSERT INTO thing VALUES ('new')")
    until(lambda: not looked(), "the lag")
    assert 0.2 < standby.lag() < 20
    assert "behind" in standby.why_not()
    assert as_page(read) == "primary"
    pair.mend()
    until(looked, "the replica to catch up")
    assert as_page(read) == "replica"


def test_a_replica_that_dies_costs_no_answer_not_even_the_one_in_flight(pair: Pair) -> None:
    before = fallbacks("57P02") + fallbacks("lost") + fallbacks("57P01")
    answers: list[str] = []
    reader = start(lambda: answers.append(_slowly()))
    _until_it_sleeps(pair)
    pair.kill()
    reader.join(20)
    assert answers == ["primary"]
    assert fallbacks("57P02") + fallbacks("lost") + fallbacks("57P01") == before + 1
    assert not standby.usable(), "left at the first failure, before the next look"
    assert as_page(read) == "primary"
    assert not looked()
    pair.mend()
    until(looked, "the replica")
    lost = fallbacks("lost")
    assert [as_page(read) for _ in range(3)] == ["replica"] * 3
    assert fallbacks("lost") == lost, "connections that broke meanwhile were dropped"


def test_a_replica_that_hangs_is_left_within_a_second_by_those_in_flight_too(pair: Pair) -> None:
    answers: list[str] = []
    reader = start(lambda: answers.append(_slowly()))
    _until_it_sleeps(pair)
    pair.freeze()
    try:
        begin = time.monotonic()
        assert not looked()
        reader.join(20)
        seconds = time.monotonic() - begin
        assert as_page(read) == "primary"
    finally:
        pair.thaw()
    assert answers == ["primary"]
    assert seconds < 1.0
    assert "No answer in time" in standby.why_not()
    until(looked, "the replica")
    assert as_page(read) == "replica"


def test_a_silent_replica_is_not_held_against_the_primary_nor_the_reverse(
    pair: Pair, monkeypatch: pytest.MonkeyPatch
) -> None:
    suspected: list[bool] = []
    monkeypatch.setattr(patience, "GREETING", 1e-9)
    monkeypatch.setattr(patience, "watcher", watcher := Watcher(silent=True))
    monkeypatch.setattr(watcher, "suspect", lambda: suspected.append(True))
    assert as_page(read) == "replica"
    monkeypatch.setattr(patience, "PATIENCE", 0.2)
    assert as_page(lambda: read(SLOW_ON_THE_REPLICA)) == "primary"
    assert suspected == []


def test_a_statement_that_replaying_disturbs_is_answered_by_the_primary(pair: Pair) -> None:
    """A table that is being read is emptied on the primary: the replica ends the read."""
    answers: list[str] = []
    reader = start(lambda: answers.append(_slowly("SELECT count(*)::text FROM thing, LATERAL ({}) slow")))
    _until_it_sleeps(pair)
    before = fallbacks("40001")
    pair.write("TRUNCATE thing")
    reader.join(20)
    assert answers == ["0"]
    assert fallbacks("40001") == before + 1
    assert standby.usable(), "one statement was in the way; the replica is well"


def test_a_table_that_has_not_arrived_yet_is_read_from_the_primary(pair: Pair) -> None:
    pair.pause()
    pair.write("CREATE TABLE migrated AS SELECT 'there' AS name; GRANT ALL ON migrated TO awning")
    assert as_page(lambda: read("SELECT name FROM migrated")) == "there"
    assert standby.usable()
    with pytest.raises(DatabaseError, match="nowhere"):
        _raising(lambda: read("SELECT name FROM nowhere"))


def test_another_server_and_one_that_takes_writes_are_no_replica(pair: Pair, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connections.settings, ALIAS, _settings(pair.primary.url, pool=False))
    standby.hang_up()
    assert not looked()
    assert "takes writes" in standby.why_not()
    watch = standby.Watch(system="1")
    assert "another server" in standby._refusal(watch, recovering=True, system="2")


def test_a_new_primary_with_less_is_no_endless_lag() -> None:
    watch = standby.Watch()
    watch.written(standby.Position(1.0, 900))
    watch.replayed(500, at=1.1)
    assert watch.lag > 1000, "nothing was proven yet"
    watch.written(standby.Position(2.0, 400))
    watch.replayed(400, at=2.1)
    assert watch.lag == 0.0


def test_lag_is_the_age_of_what_was_replayed() -> None:
    watch = standby.Watch()
    for second in range(10):
        watch.written(standby.Position(float(second), 100 * second))
    watch.replayed(350, at=9.5)
    assert watch.lag == 6.5, "it has all of second 3"
    watch.replayed(900, at=9.6)
    assert watch.lag == 0.0


def _raising(work: Callable[[], object]) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            work()
        except DatabaseError as error:
            errors.append(error)

    as_page(run)
    raise errors[0]


def _slowly(around: str = "{}") -> str:
    with replica.allowed():
        return read(around.format(SLOW_ON_THE_REPLICA))


def _until_it_sleeps(pair: Pair) -> None:
    with psycopg.connect(pair.url, autocommit=True) as session:
        query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'"
        until(lambda: session.execute(query).fetchone() == (1,), "the statement")
