import time

import pytest
from django.db import connection

from marketplace.accounts.models import User
from monitoring.database.statements import LONGEST, fingerprint, is_control, is_read, normalise


@pytest.mark.parametrize(
    ("sql", "shape"),
    [
        ("SELECT 1", "SELECT $1"),
        (
            "SELECT * FROM t WHERE a = %s AND b = 'x''y' AND c = 4.5e3",
            "SELECT * FROM t WHERE a = $1 AND b = $2 AND c = $3",
        ),
        ("SELECT  a\n\tFROM t -- secret\n WHERE /* secret */ b=2", "SELECT a FROM t WHERE b=$1"),
        ("SELECT a FROM t WHERE id IN (1, 2,3)", "SELECT a FROM t WHERE id IN ($1)"),
        ("SELECT a FROM t WHERE id IN (%s, %s)", "SELECT a FROM t WHERE id IN ($1)"),
        ("INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, 'c')", "INSERT INTO t VALUES ($1, $2)"),
        ('SELECT "it\'s 5" FROM "t 9"', 'SELECT "it\'s 5" FROM "t 9"'),
        ("SELECT col1, t2.x FROM tab3", "SELECT col1, t2.x FROM tab3"),
        (r"SELECT E'a\'b secret', $$c secret$$, $q$d$q$, U&'e', x'ff'", "SELECT $1, $2, $3, $4, $5"),
        ("SELECT now() - interval '3 days', date '2020-01-01'", "SELECT now() - $1::interval, $2::date"),
        ("SELECT a %% 7 FROM t WHERE b @> '{}' AND c ? 'k'", "SELECT a % $1 FROM t WHERE b @> $2 AND c ? $3"),
        ("SELECT %(name)s", "SELECT $1"),
        ("SELECT /* a /* b secret */ c secret */ 1", "SELECT $1"),
        ("SELECT a /* never ends secret", "SELECT a"),
        ("SELECT 'never ends secret", "SELECT $1"),
        ("SELECT coalesce(%s, %s)", "SELECT coalesce($1, $2)"),
        ("SELECT t.tags[1], -5", "SELECT t.tags[$1], -$2"),
        ("SELECT naïve FROM größe WHERE x=1", "SELECT naïve FROM größe WHERE x=$1"),
    ],
)
def test_a_shape_has_no_values(sql: str, shape: str) -> None:
    assert normalise(sql) == shape
    assert "secret" not in normalise(sql)


def test_the_same_statement_with_other_values_is_the_same() -> None:
    one = normalise("SELECT a FROM t WHERE id IN (1, 2) AND b = 'x'")
    other = normalise("SELECT a  FROM t WHERE id IN (4, 5, 6) AND b = 'yy'")
    assert fingerprint(one) == fingerprint(other)
    assert fingerprint(one) != fingerprint(normalise("SELECT a FROM t WHERE id = 1"))


@pytest.mark.parametrize(
    ("sql", "read"),
    [
        ("SELECT 1", True),
        ("with x as (select 1) select * from x;", True),
        ("DELETE FROM t", False),
        ("SELECT 1; DROP TABLE t", False),
        ("EXPLAIN SELECT 1", False),
        ("selective", False),
    ],
)
def test_only_one_select_may_be_planned(sql: str, read: bool) -> None:
    assert is_read(sql) is read


def test_marks_of_transactions_are_told_apart() -> None:
    assert all(
        is_control(sql) for sql in ('SAVEPOINT "x"', "release savepoint x", "ROLLBACK TO SAVEPOINT x", "SET x = 1")
    )
    assert not any(is_control(sql) for sql in ("SELECT 1", "UPDATE t SET a = 1", "INSERT INTO savepoints VALUES (1)"))


def test_a_huge_or_hostile_text_is_cut_in_time() -> None:
    begin = time.perf_counter()
    for text in ("'" * 20_000, "(" * 20_000, "(1)," * 5_000, "$a" * 10_000, "/*" * 10_000, '"' * 20_000, "1" * 20_000):
        assert len(normalise(f"SELECT {text}")) <= LONGEST
    assert time.perf_counter() - begin < 2


def test_what_the_orm_writes_can_be_planned_after_it_was_normalised(mira: User) -> None:
    queryset = User.objects.filter(email__icontains="x", pk__in=[1, 2, 3]).exclude(name="y").order_by("-pk")[:5]
    sql = normalise(str(queryset.query.sql_with_params()[0]))
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {sql}", None)
        assert cursor.fetchall()
