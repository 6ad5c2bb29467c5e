"""Tables partitioned by month: made ahead, dropped by retention, never in the way of who writes."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime

import psycopg
import pytest
from django.db import IntegrityError, InternalError, OperationalError, connection, connections, transaction

from marketplace.core import partition_watch, partitions
from marketplace.core.partitions import Partitioned
from marketplace.core.tasks import keep_partitions

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
TABLE = Partitioned("month_log", "written_at", keep_months=2)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _only_this_table(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(partitions, "_tables", {TABLE.table: TABLE})
    run(
        """
        CREATE TABLE month_log (id bigint GENERATED ALWAYS AS IDENTITY, written_at timestamptz NOT NULL, text text,
                                CHECK (text <> ''), PRIMARY KEY (id, written_at)) PARTITION BY RANGE (written_at);
        CREATE INDEX ON month_log (written_at);
        CREATE FUNCTION month_log_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'append-only' USING ERRCODE = 'restrict_violation'; END $$;
        CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON month_log FOR EACH ROW EXECUTE FUNCTION month_log_refuse();
        CREATE TRIGGER keep_all BEFORE TRUNCATE ON month_log FOR EACH STATEMENT EXECUTE FUNCTION month_log_refuse();
        """
    )
    yield
    connections["default"].rollback() if connection.in_atomic_block else None
    run("DROP TABLE IF EXISTS month_log CASCADE; DROP FUNCTION IF EXISTS month_log_refuse CASCADE")
    run("DROP TABLE IF EXISTS month_log_y2026m08, month_log_y2026m09")


def run(statement: str, *values: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(values) or None)


def write(moment: datetime, text: str = "x") -> None:
    run("INSERT INTO month_log (written_at, text) VALUES (%s, %s)", moment, text)


def test_this_month_and_three_ahead_are_made_once() -> None:
    names = ["month_log_y2026m11", "month_log_y2026m12", "month_log_y2027m01", "month_log_y2027m02"]
    assert partitions.ensure(NOW) == names
    assert partitions.ensure(NOW) == []
    assert partitions.months(TABLE) == [date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1), date(2027, 2, 1)]
    assert partitions.months_ahead(TABLE, now=NOW) == 3


def test_months_are_those_of_utc_whatever_the_connection_says() -> None:
    run("SET TimeZone TO 'Pacific/Kiritimati'")
    try:
        partitions.ensure(NOW, ahead=0)
        write(datetime(2026, 11, 1, 0, 0, tzinfo=UTC))
        write(datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC))
        with pytest.raises(IntegrityError), transaction.atomic():
            write(datetime(2026, 12, 1, 0, 0, tzinfo=UTC))
    finally:
        run("SET TimeZone TO 'UTC'")


def test_a_row_without_a_month_is_told_from_a_bad_row() -> None:
    with pytest.raises(IntegrityError) as missing, transaction.atomic():
        write(NOW)
    assert partitions.lacks_month(missing.value)
    partitions.ensure(NOW)
    with pytest.raises(IntegrityError) as bad, transaction.atomic():
        write(NOW, "")
    assert not partitions.lacks_month(bad.value)


@pytest.mark.parametrize("statement", ["UPDATE {} SET text = 'y'", "DELETE FROM {}", "TRUNCATE {}"])
def test_triggers_of_the_table_hold_for_each_month(statement: str) -> None:
    partitions.ensure(NOW)
    write(NOW)
    for table in ("month_log", "month_log_y2026m11"):
        with pytest.raises((IntegrityError, InternalError), match="append-only"), transaction.atomic():
            run(statement.format(table))


def test_two_at_once_make_each_month_once() -> None:
    barrier, made, errors = threading.Barrier(4), [], []

    def make() -> None:
        try:
            barrier.wait(10)
            made.extend(partitions.ensure(NOW))
        except Exception as error:  # noqa: BLE001 - the test shows whatever went wrong in a thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert errors == []
    assert sorted(made) == sorted(set(made))
    assert len(made) == 4


def test_making_a_month_waits_for_no_reader_and_no_writer() -> None:
    partitions.ensure(NOW, ahead=0)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("INSERT INTO month_log (written_at, text) VALUES (%s, 'open')", [NOW])
        other.execute("SELECT * FROM month_log")
        assert len(partitions.ensure(NOW)) == 3


def test_a_table_locked_for_too_long_is_left_for_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "_PATIENCE_MS", 50)
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("LOCK TABLE month_log IN SHARE UPDATE EXCLUSIVE MODE")
        assert partitions.ensure(NOW) == []
    assert len(partitions.ensure(NOW)) == 4


def test_making_months_leaves_the_callers_lock_timeout_alone() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '777ms'")
        partitions.make_months(TABLE, [date(2026, 11, 1)])
        cursor.execute("SHOW lock_timeout")
        assert cursor.fetchone() == ("777ms",)


def test_retention_drops_what_is_older_and_nothing_else() -> None:
    partitions.make_months(TABLE, [date(2026, month, 1) for month in (8, 9, 11)])
    dropped = partitions.drop_expired(NOW)
    assert dropped.gone == ("month_log_y2026m08",)
    assert partitions.months(TABLE) == [date(2026, 9, 1), date(2026, 11, 1)]
    assert partitions.drop_expired(NOW) == partitions.Dropped()


def test_retention_finishes_what_was_cut_off_between_detaching_and_dropping() -> None:
    partitions.make_months(TABLE, [date(2026, 8, 1), date(2026, 9, 1)])
    run("ALTER TABLE month_log DETACH PARTITION month_log_y2026m08")
    assert partitions.drop_expired(NOW).gone == ("month_log_y2026m08",)


def test_a_month_that_is_being_read_is_dropped_next_time() -> None:
    partitions.make_months(TABLE, [date(2026, 8, 1), date(2026, 11, 1)])
    run("SET lock_timeout = '100ms'")
    try:
        with psycopg.connect(**connection.get_connection_params()) as other:
            other.execute("SELECT * FROM month_log")
            assert partitions.drop_expired(NOW).busy == ("month_log_y2026m08",)
            # The detaching has begun; who writes meanwhile does not notice.
            write(NOW)
        assert partitions.drop_expired(NOW).gone == ("month_log_y2026m08",)
    finally:
        run("RESET lock_timeout")


def test_retention_refuses_to_run_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside a transaction"):
        partitions.drop_expired(NOW)


def test_a_table_without_retention_keeps_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    keeps = Partitioned("month_log", "written_at")
    monkeypatch.setattr(partitions, "_tables", {keeps.table: keeps})
    partitions.make_months(keeps, [date(2026, 8, 1)])
    assert partitions.drop_expired(NOW) == partitions.Dropped()


def test_bad_definitions_are_refused() -> None:
    with pytest.raises(ValueError, match="partitioned table is named"):
        Partitioned('x"; DROP TABLE y', "at")
    with pytest.raises(ValueError, match="keep_months"):
        Partitioned("month_log", "written_at", keep_months=0)


def test_operators_see_months_running_out() -> None:
    (reading,) = partition_watch._readings(NOW)
    assert (reading.subject, reading.value) == ("month_log", -1.0)
    assert partition_watch._running_out().breached_by(0.0)
    assert not partition_watch._running_out().breached_by(1.0)
    assert partition_watch.finding(NOW).state == "warning"
    assert partition_watch.panel(NOW).mark.text == "Short of months"
    keep_partitions()
    assert partition_watch.finding(datetime.now(UTC)).figures == {"month_log": 3}
    body = partition_watch.panel(datetime.now(UTC))
    assert (body.mark.tone, body.tables[0].rows[0].cells[1].mark.text) == ("good", "3 months")  # type: ignore[union-attr]


def test_an_error_that_is_not_a_lock_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(table: Partitioned, months: object) -> list[str]:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(partitions, "make_months", gone)
    with pytest.raises(OperationalError, match="closed"):
        partitions.ensure(NOW)
