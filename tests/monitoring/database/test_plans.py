import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client

from marketplace.accounts.models import User
from monitoring.database import services
from monitoring.database.models import SlowQuery
from monitoring.database.statements import fingerprint, normalise
from tests import factories
from tests.conftest import NOW

LIST = "/admin/database/slowquery/"


def a_row(sql: str) -> SlowQuery:
    statement = normalise(sql)
    return SlowQuery.objects.create(
        fingerprint=fingerprint(statement), statement=statement, origin="/a/", count=2, total_ms=1400, worst_ms=900,
        first_at=NOW, last_at=NOW,
    )  # fmt: skip


def test_a_plan_is_made_kept_and_shows_no_values(db: None) -> None:
    row = a_row("SELECT name FROM accounts_user WHERE email = 'mira@example.test' AND id > 5 LIMIT 3")
    text = services.plan(query=row.pk, now=NOW)
    row.refresh_from_db()
    assert "accounts_user" in text
    assert (row.plan, row.planned_at) == (text, NOW)
    assert "mira" not in text


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("UPDATE accounts_user SET name = 'x'", "Only a single SELECT"),
        ("SELECT 1; DELETE FROM accounts_user", "Only a single SELECT"),
        ("SELECT nothing FROM accounts_user", "does not exist"),
    ],
)
def test_what_is_not_planned_says_why(db: None, sql: str, reason: str) -> None:
    with pytest.raises(services.NotPlanned, match=reason):
        services.plan(query=a_row(sql).pk, now=NOW)


def test_planning_runs_nothing(mira: User) -> None:
    row = a_row("WITH gone AS (DELETE FROM accounts_user RETURNING id) SELECT * FROM gone")
    assert "Delete" in services.plan(query=row.pk, now=NOW)
    assert User.objects.filter(pk=mira.pk).exists()


def test_planning_may_not_write_or_take_long(db: None) -> None:
    """An immutable function with constant arguments is run by the planner itself."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION pg_temp.clears() RETURNS int LANGUAGE plpgsql AS"
            " $$ BEGIN DELETE FROM accounts_user; RETURN 1; END $$;"
            "CREATE FUNCTION pg_temp.sneaky() RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
            " $$ BEGIN RETURN pg_temp.clears(); END $$"
        )
        cursor.execute(
            "CREATE FUNCTION pg_temp.endless() RETURNS int IMMUTABLE LANGUAGE plpgsql AS"
            " $$ BEGIN PERFORM pg_sleep(30); RETURN 1; END $$"
        )
    with pytest.raises(services.NotPlanned, match="read-only transaction"):
        services.plan(query=a_row("SELECT id FROM accounts_user WHERE id = pg_temp.sneaky()").pk, now=NOW)
    with pytest.raises(services.NotPlanned, match="statement timeout"):
        services.plan(query=a_row("SELECT id FROM accounts_user WHERE id = pg_temp.endless()").pk, now=NOW)


def test_a_forgotten_row_says_so(db: None) -> None:
    with pytest.raises(services.NotPlanned, match="forgotten"):
        services.plan(query=1, now=NOW)


def test_an_operator_asks_for_a_plan_and_the_log_says_who(client: Client, olga: User) -> None:
    row, other = a_row("SELECT id FROM accounts_user"), a_row("DELETE FROM accounts_user")
    client.force_login(olga)
    page = client.get(LIST).content.decode()
    assert "SELECT id FROM accounts_user" in page
    answer = client.post(LIST, {"action": "plan", "_selected_action": [row.pk, other.pk]}, follow=True).content.decode()
    assert "Only a single SELECT" in answer
    row.refresh_from_db()
    assert "Seq Scan" in row.plan or "Index" in row.plan
    assert LogEntry.objects.get().user == olga
    assert "Planned" in answer
    assert "accounts_user" in client.get(f"{LIST}{row.pk}/change/").content.decode()
    assert client.post(f"{LIST}{row.pk}/change/", {"statement": "x"}).status_code == 403


def test_who_may_only_look_asks_for_no_plan(client: Client, db: None) -> None:
    row = a_row("SELECT id FROM accounts_user")
    nils = factories.a_user(email="nils@example.test", is_staff=True)
    nils.user_permissions.add(Permission.objects.get(codename="view_slowquery"))
    client.force_login(nils)
    assert client.get(LIST).status_code == 200
    client.post(LIST, {"action": "plan", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert row.plan == ""
