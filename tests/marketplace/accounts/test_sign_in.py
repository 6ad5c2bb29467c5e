"""Sign-up, confirmation, sign-in and reset, as a browser does them, with the e-mails of the outbox."""

import re
from collections.abc import Iterator
from ipaddress import ip_network

import pytest
from django.apps import apps
from django.contrib.auth.hashers import Argon2PasswordHasher
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from marketplace.accounts.models import User
from marketplace.core import services as outbox
from marketplace.core.hall import hall
from marketplace.core.models import OutboxEvent
from tests.factories import PASSWORD

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh_limits() -> Iterator[None]:
    """The sign-in limits count in the cache; every test begins at zero."""
    cache.clear()
    yield
    cache.clear()


def links(text: str) -> list[str]:
    return re.findall(r"https?://[^/\s]+(/\S+)", text)


def delivered() -> list[str]:
    """Delivers what waits and returns the new texts."""
    before = len(mail.outbox)
    outbox.relay(now=timezone.now())
    assert not OutboxEvent.objects.exclude(last_error="").exists()
    return [str(message.body) for message in mail.outbox[before:]]


def test_sign_up_confirm_and_sign_in() -> None:
    client = Client()
    answer = client.post("/account/signup/", {"email": "New@Example.test", "password1": PASSWORD})
    assert answer.status_code == 302
    assert not client.session.get("_auth_user_id"), "an address that is not confirmed signs nobody in"
    (text,) = delivered()
    (path,) = [link for link in links(text) if "confirm" in link]
    page = client.get(path)
    assert page.status_code == 200
    assert client.post(path).status_code == 302
    answer = client.post("/account/login/", {"login": "new@example.test", "password": PASSWORD})
    assert answer.status_code == 302
    assert client.session["_auth_user_id"] == str(User.objects.get().pk)


def test_no_e_mail_leaves_a_request_that_failed() -> None:
    Client().post("/account/signup/", {"email": "new@example.test", "password1": "short"})
    assert not OutboxEvent.objects.exists()
    assert not User.objects.exists()


def test_a_known_and_an_unknown_address_get_the_same_answer(mira: User) -> None:
    answers = []
    for address in (mira.email, "nobody@example.test"):
        answer = Client().post("/account/password/reset/", {"email": address}, follow=True)
        answers.append(
            (answer.status_code, answer.redirect_chain, re.sub(r'value="[^"]+"', "", answer.content.decode()))
        )
    assert answers[0] == answers[1]
    signed_up = [
        Client().post("/account/signup/", {"email": address, "password1": PASSWORD})["Location"]
        for address in (mira.email, "fresh@example.test")
    ]
    assert signed_up[0] == signed_up[1]


def test_a_known_and_an_unknown_address_take_the_same_time(mira: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashing is what takes long: it happens as often for either."""
    hashed: list[str] = []
    encode = Argon2PasswordHasher.encode

    def counted(self: Argon2PasswordHasher, password: str, salt: str) -> str:
        hashed.append(password)
        return encode(self, password, salt)

    monkeypatch.setattr(Argon2PasswordHasher, "encode", counted)
    for address in (mira.email, "fresh@example.test"):
        hashed.clear()
        Client().post("/account/signup/", {"email": address, "password1": PASSWORD})
        assert len(hashed) == 1, address


def test_links_in_e_mails_lead_to_the_hall_whatever_the_host_header_says(mira: User) -> None:
    strange = Client(headers={"host": "testserver:6666"})
    for address in (mira.email, "nobody@example.test"):
        strange.post("/account/password/reset/", {"email": address})
        strange.post("/account/signup/", {"email": address, "password1": PASSWORD})
    texts = delivered()
    assert len(texts) == 4
    for text in texts:
        assert links(text)
        assert "testserver" not in text
        assert text.count("://") == text.count(f"{hall().site_url}/")


def test_too_many_attempts_get_a_page_of_the_hall(mira: User) -> None:
    client = Client()
    for _ in range(40):
        answer = client.post("/account/password/reset/", {"email": mira.email})
    assert answer.status_code == 429
    assert 'lang="en"' in answer.content.decode()


def test_pages_of_an_account_are_kept_by_no_cache(mira: User) -> None:
    client = Client()
    client.force_login(mira)
    for page in ("", "email/", "password/change/", "logout/"):
        answer = client.get(f"/account/{page}")
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"], page


def test_a_reset_link_sets_a_new_password_once(mira: User) -> None:
    client = Client()
    client.post("/account/password/reset/", {"email": mira.email})
    (text,) = delivered()
    (path,) = [link for link in links(text) if "reset" in link]
    page = client.get(path, follow=True)
    form_path = page.redirect_chain[-1][0]
    new = "another-quiet-harbour"
    assert client.post(form_path, {"password1": new, "password2": new}).status_code == 302
    assert Client().post("/account/login/", {"login": mira.email, "password": PASSWORD}).status_code == 200
    assert Client().post("/account/login/", {"login": mira.email, "password": new}).status_code == 302
    again = Client().get(path, follow=True)
    assert "password1" not in again.content.decode(), "a used link opens no form"


def test_sign_in_leads_back_but_never_away(mira: User) -> None:
    form = {"login": mira.email, "password": PASSWORD}
    assert Client().post("/account/login/", form | {"next": "/sell/"})["Location"] == "/sell/"
    for elsewhere in ("https://evil.test/", "//evil.test/", "javascript:alert(1)", "http://["):
        assert Client().post("/account/login/", form | {"next": elsewhere})["Location"] == "/"


def test_the_session_key_changes_at_sign_in(mira: User) -> None:
    client = Client()
    session = client.session
    session["anything"] = 1
    session.save()
    before = session.session_key
    client.cookies["sessionid"] = before
    client.post("/account/login/", {"login": mira.email, "password": PASSWORD})
    assert client.session.session_key != before


def test_the_admin_uses_the_same_door(mira: User, olga: User) -> None:
    assert Client().get("/admin/")["Location"] == "/admin/login/?next=/admin/"
    assert Client().get("/admin/login/?next=/admin/")["Location"] == "/account/login/?next=/admin/"
    for person, status in ((mira, 403), (olga, 200)):
        client = Client()
        client.force_login(person)
        assert client.get("/admin/", follow=True).status_code == status


def test_attempts_of_one_client_do_not_lock_out_another_behind_the_same_proxy(
    mira: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps.get_app_config("monitoring"), "trusted_proxies", [ip_network("127.0.0.0/8")])
    wrong = {"login": "nobody@example.test", "password": "wrong-wrong-wrong"}
    answers = {
        Client(headers={"X-Forwarded-For": "203.0.113.5"}).post("/account/login/", wrong).status_code for _ in range(40)
    }
    assert 429 in answers
    form = {"login": mira.email, "password": PASSWORD}
    answer = Client(headers={"X-Forwarded-For": "203.0.113.6"}).post("/account/login/", form)
    assert answer.status_code == 302
