"""How long sessions last, walked with the clock."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.sessions import ids
from marketplace.sessions.models import CopyFence, Session
from tests.conftest import NOW
from tests.factories import PASSWORD
from tests.marketplace.sessions.clock import Clock, cookie, key_of, moving, row_of, sign_in, signed_in


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return moving(monkeypatch, NOW)


def writes(browser: Client) -> list[str]:
    """The statements of one page that write sessions."""
    browser.cookies["sessionid"]["max-age"] = ""
    with CaptureQueriesContext(connection) as queries:
        assert browser.get("/account/").status_code == 200
    return [q["sql"] for q in queries if "hall_sessions" in q["sql"] and not q["sql"].lstrip().startswith("SELECT")]


def test_reading_writes_at_most_every_two_hours_and_then_no_data(clock: Clock, mira: User) -> None:
    browser = sign_in(mira)
    for hours, expected in ((1.9, 0), (0.2, 1), (1.9, 0), (0.2, 1)):
        clock.move(hours=hours)
        found = writes(browser)
        assert len(found) == expected
        for statement in found:
            assert statement.startswith("UPDATE")
            assert "expire_date" in statement
            assert "session_data" not in statement
            assert "version" not in statement.partition("WHERE")[0]
        assert (cookie(browser)["max-age"] == 7 * 24 * 3600) == bool(expected)
        assert writes(browser) == []
    assert row_of(browser).expire_date == clock.now + timedelta(days=7)


def test_an_answer_that_failed_touches_nothing(clock: Clock, mira: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = sign_in(mira)
    browser.raise_request_exception = False
    seen = row_of(browser).seen_at
    clock.move(hours=3)
    monkeypatch.setattr("marketplace.storefront.account_views._page", lambda *args: 1 / 0)
    assert browser.get("/account/").status_code == 500
    assert row_of(browser).seen_at == seen


@pytest.mark.parametrize(("days", "alive"), [(6.99, True), (7.01, False)])
def test_a_session_that_nobody_uses_ends_after_seven_days(clock: Clock, mira: User, days: float, alive: bool) -> None:
    browser = sign_in(mira)
    clock.move(days=days)
    assert signed_in(browser) is alive


def test_a_session_in_daily_use_ends_after_thirty_days(clock: Clock, mira: User) -> None:
    browser = sign_in(mira)
    for _ in range(29):
        clock.move(days=1)
        assert signed_in(browser)
    assert cookie(browser)["max-age"] == 24 * 3600
    clock.move(hours=23.9)
    assert signed_in(browser)
    clock.move(hours=0.2)
    assert not signed_in(browser)


def test_operators_sign_in_every_twelve_hours(clock: Clock, olga: User) -> None:
    browser = sign_in(olga)
    assert 0 < int(cookie(browser)["max-age"]) <= 12 * 3600
    for _ in range(4):
        clock.move(hours=2.9)
        assert signed_in(browser)
        assert int(cookie(browser)["max-age"]) <= 12 * 3600
    clock.move(hours=0.5)
    assert not signed_in(browser)


def test_a_custom_end_may_be_earlier_and_never_later(clock: Clock, mira: User) -> None:
    browser = sign_in(mira)
    for asked, lasts in ((3600, timedelta(hours=1)), (90 * 24 * 3600, timedelta(days=7))):
        session = browser.session
        session.set_expiry(asked)
        session.save()
        assert row_of(browser).expire_date == clock.now + lasts


# --- ids ------------------------------------------------------------------------------------------------------------


def test_browsing_makes_no_session(client: Client, db: None) -> None:
    for path in ("/", "/search/?q=vase", "/cart/", "/account/login/", "/help/"):
        assert client.get(path).status_code == 200
    assert "sessionid" not in client.cookies
    assert not Session.objects.exists()


def test_the_id_changes_at_every_sign_in(mira: User) -> None:
    guest = Client()
    session = guest.session
    session["cart"] = "kept"
    session.save()
    before = str(session.session_key)
    guest.cookies["sessionid"] = before
    sign_in(mira, guest)
    first = key_of(guest)
    assert first != before
    assert guest.session["cart"] == "kept"
    # Django itself keeps the id when the same person signs in again.
    guest.force_login(mira)
    assert key_of(guest) != first
    assert Session.objects.count() == 1
    for old in (before, first):
        thief = Client()
        thief.cookies["sessionid"] = old
        assert not signed_in(thief)


def test_signing_in_again_proves_who_it_is_for_another_thirty_days(clock: Clock, mira: User) -> None:
    browser = sign_in(mira)
    clock.move(days=6)
    assert signed_in(browser)
    browser.force_login(mira)
    assert row_of(browser).began_at == clock.now


def test_the_database_has_no_ids(mira: User) -> None:
    browser = sign_in(mira)
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM hall_sessions_session s")
        (text,) = cursor.fetchone()
    assert key_of(browser) not in text
    assert ids.digest(key_of(browser)) in text


# --- rights and passwords -------------------------------------------------------------------------------------------


def test_a_new_password_ends_the_other_sessions(mira: User) -> None:
    here, other = sign_in(mira), sign_in(mira)
    old, began = key_of(here), row_of(here).began_at
    new = {"oldpassword": PASSWORD, "password1": "a rather new one 7", "password2": "a rather new one 7"}
    assert here.post("/account/password/change/", new).status_code == 302
    assert signed_in(here)
    assert not signed_in(other)
    assert key_of(here) != old
    assert row_of(here).began_at == began
    assert Session.objects.count() == 1


@pytest.mark.parametrize("right", ["is_staff", "is_superuser", "is_active"])
def test_other_rights_end_every_session(mira: User, right: str) -> None:
    browser = sign_in(mira)
    digest = ids.digest(key_of(browser))
    # No save, no signal: whoever changes it.
    User.objects.filter(pk=mira.pk).update(**{right: not getattr(mira, right)})
    assert not Session.objects.exists()
    assert CopyFence.objects.get(pk=digest).version == 2**62
    assert not signed_in(browser)


def test_other_changes_of_a_person_end_nothing(mira: User) -> None:
    browser = sign_in(mira)
    mira.name = "Mira H"
    mira.save()
    assert signed_in(browser)
