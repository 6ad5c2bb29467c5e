"""Whoever tries passwords is stopped: by account, by address, and also while Redis is away."""

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.core.models import OutboxEvent
from monitoring.limits.rules import rules
from monitoring.limits.services import add_rule
from tests.factories import PASSWORD
from tests.monitoring.limits.conftest import Hall
from tests.monitoring.limits.making import age, closed_port

pytestmark = pytest.mark.django_db


def attempt(login: str, address: str = "203.0.113.7", word: str = "wrong-wrong-wrong") -> int:
    browser = Client(REMOTE_ADDR=address)
    return browser.post("/account/login/", {"login": login, "password": word}).status_code


def test_ten_attempts_a_minute_on_an_account_from_anywhere(hall: Hall, mira: User) -> None:
    made = hall()
    mira.set_password(PASSWORD)
    mira.save()
    spellings = (mira.email, mira.email.upper(), f" {mira.email} ")
    assert {attempt(spellings[number % 3], f"203.0.113.{number}") for number in range(10)} == {200}
    assert attempt(mira.email, "203.0.113.99", PASSWORD) == 429
    age(made.store.client, 61)
    assert attempt(mira.email, "203.0.113.99", PASSWORD) == 302


def test_ten_attempts_a_minute_from_an_address_on_any_account(hall: Hall) -> None:
    hall()
    assert [attempt(f"{number}@x.test") for number in range(12)] == [200] * 10 + [429, 429]
    assert attempt("0@x.test", "203.0.113.8") == 200


def test_strangers_cannot_lock_the_owner_out_of_a_browser_that_was_in_before(hall: Hall, mira: User) -> None:
    made = hall()
    mira.set_password(PASSWORD)
    mira.save()
    browser = Client(REMOTE_ADDR="198.51.100.5")
    assert browser.post("/account/login/", {"login": mira.email, "password": PASSWORD}).status_code == 302
    cookie = browser.cookies["known"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/account/login/", True, "Lax")
    assert mira.email not in cookie.value
    browser.post("/account/logout/")
    assert [attempt(mira.email, f"203.0.113.{number}") for number in range(11)][8:] == [200, 429, 429]
    assert browser.post("/account/login/", {"login": mira.email.upper(), "password": PASSWORD}).status_code == 302
    # A known browser has a budget too, and only at this account; a cookie that we did not make is none.
    thief = Client(REMOTE_ADDR="198.51.100.6")
    thief.cookies["known"] = cookie.value
    age(made.store.client, 61)
    wrong = {"login": mira.email, "password": "wrong-wrong-wrong"}
    tries = []
    for number in range(12):
        thief.defaults["REMOTE_ADDR"] = f"198.51.100.{number}"
        tries.append(thief.post("/account/login/", wrong).status_code)
    assert tries == [200] * 10 + [429, 429]


@pytest.mark.parametrize("forged", ["x", ".", "x.", "x.y", "ä.ö", "a.b.c", "x" * 4000])
def test_a_forged_cookie_opens_no_budget_of_its_own(hall: Hall, mira: User, forged: str) -> None:
    hall()
    tries = []
    for number in range(12):
        browser = Client(REMOTE_ADDR=f"203.0.113.{number}", HTTP_COOKIE=f"known={number}{forged}")
        form = {"login": mira.email, "password": "wrong-wrong-wrong"}
        tries.append(browser.post("/account/login/", form).status_code)
    assert tries == [200] * 10 + [429, 429]


def test_looking_at_the_form_is_no_attempt(hall: Hall) -> None:
    hall()
    assert {Client(REMOTE_ADDR="203.0.113.7").get("/account/login/").status_code for _ in range(30)} == {200}


@pytest.mark.parametrize(
    ("where", "form"),
    [
        ("/account/login/", {"login": "mira@example.test", "password": "wrong-wrong-wrong"}),
        ("/account/signup/", {"email": "mira@example.test", "password1": "short"}),
        ("/account/password/reset/", {"email": "mira@example.test"}),
        ("/account/password/reset/key/1-abc/", {"password1": "x"}),
        ("/account/confirm-email/abc/", {}),
    ],
)
def test_every_door_of_an_account_is_guarded_with_and_without_store(
    hall: Hall, where: str, form: dict[str, str]
) -> None:
    for url in ("", closed_port()):
        hall(url=url)
        answers = [Client(REMOTE_ADDR="203.0.113.7").post(where, form).status_code for _ in range(14)]
        assert 429 not in answers[:10]
        assert answers[10:] == [429] * 4, url


@pytest.mark.parametrize(
    ("where", "about", "decoy"),
    [
        ("/account/login/", "login", "email"),
        ("/account/signup/", "email", "login"),
        ("/account/password/reset/", "email", "login"),
    ],
)
def test_a_field_that_the_form_does_not_have_chooses_no_other_counter(
    hall: Hall, where: str, about: str, decoy: str
) -> None:
    hall()
    answers = [
        Client(REMOTE_ADDR=f"203.0.113.{number}")
        .post(where, {about: "mira@example.test", decoy: f"{number}@x.test", "password": "wrong-wrong-wrong"})
        .status_code
        for number in range(12)
    ]
    assert 429 not in answers[:10]
    assert answers[10:] == [429, 429]


def test_who_has_a_session_guesses_its_password_ten_times_a_minute_from_anywhere(hall: Hall, mira: User) -> None:
    hall()
    answers = []
    for number in range(12):
        browser = Client(REMOTE_ADDR=f"203.0.113.{number}")
        browser.force_login(mira)
        form = {"password": "wrong-wrong-wrong", "login": f"{number}@x.test", "email": f"{number}@x.test"}
        answers.append(browser.post("/account/reauthenticate/", form).status_code)
    assert answers == [200] * 10 + [429, 429]


def test_who_is_refused_by_address_has_no_large_form_read(hall: Hall, monkeypatch: pytest.MonkeyPatch) -> None:
    hall()
    assert [attempt(f"{number}@x.test") for number in range(10)] == [200] * 10

    def read(request: HttpRequest) -> None:
        raise AssertionError("the body was read")

    monkeypatch.setattr(WSGIRequest, "_load_post_and_files", read)
    form = {"login": "mira@example.test", "file": SimpleUploadedFile("large.bin", b"x" * 100_000)}
    assert Client(REMOTE_ADDR="203.0.113.7").post("/account/login/", form).status_code == 429


def test_an_allowed_network_is_still_limited_at_the_door(hall: Hall) -> None:
    hall(anonymous="5/minute")
    now = timezone.now()
    add_rule(network="203.0.113.0/24", verdict="allow", reason="Our office", expires_at=None, actor="1", now=now)
    rules.refresh(now)
    assert [attempt(f"{number}@x.test") for number in range(12)] == [200] * 10 + [429, 429]


def test_a_form_that_cannot_be_read_is_counted_by_address(hall: Hall) -> None:
    hall()
    broken = {"data": b"--x\r\nbroken", "content_type": "multipart/form-data; boundary=y"}
    answers = [Client(REMOTE_ADDR="203.0.113.7").post("/account/login/", **broken).status_code for _ in range(12)]  # type: ignore[arg-type]
    assert 500 not in answers
    assert answers[10:] == [429, 429]


def test_nobody_can_be_flooded_with_letters(hall: Hall, mira: User) -> None:
    hall(sign_in="1000/minute", anonymous="1000/minute", burst="1000/minute")
    for number in range(8):
        browser = Client(REMOTE_ADDR=f"203.0.113.{number}")
        assert browser.post("/account/password/reset/", {"email": mira.email}).status_code == 302
        assert browser.post("/account/signup/", {"email": mira.email, "password1": PASSWORD}).status_code == 302
    assert OutboxEvent.objects.filter(topic="email.requested").count() == 5
    Client().post("/account/password/reset/", {"email": "jonas@example.test"})
    assert OutboxEvent.objects.filter(topic="email.requested").count() == 6


def test_the_librarys_own_limits_are_off_so_that_there_is_one_set() -> None:
    from allauth.account import app_settings

    assert settings.ACCOUNT_RATE_LIMITS is False
    assert app_settings.RATE_LIMITS == {}
