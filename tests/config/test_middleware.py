import json

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config import middleware
from marketplace.accounts.models import User


@pytest.mark.parametrize("key", ["abcdefgh\x00", "ü" * 32, "a b", "'; --"])
def test_a_session_key_that_cannot_exist_is_nobodys(db: None, key: str) -> None:
    client = Client()
    client.cookies["sessionid"] = key
    assert client.get("/account/").status_code == 302


def test_a_real_session_key_is_left_alone(mira: User) -> None:
    client = Client()
    client.force_login(mira)
    assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("where", ["/account/login/", "/", "/nothing/", "/api/v1/orders"])
def test_a_body_larger_than_any_file_we_take_is_refused_unread(where: str) -> None:
    def read(*args: object) -> None:
        raise AssertionError("the body was read")

    # A double-submitted cookie that the attacker made up: without the bound, its form would be looked for.
    client = Client(SERVER_NAME="127.0.0.1", enforce_csrf_checks=True)
    client.cookies["csrftoken"] = "a" * 32
    too_long = str(middleware.LARGEST_BODY + 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HttpRequest, "_load_post_and_files", read)
        answer = client.post(where, {"f": "x"}, CONTENT_LENGTH=too_long)
    assert answer.status_code == 413
    assert answer["X-Request-ID"]
    if where.startswith("/api/"):
        problem = json.loads(answer.content)
        assert (problem["status"], problem["code"], problem["request_id"]) == (413, "too_large", answer["X-Request-ID"])


@pytest.mark.parametrize("length", ["", "0", "5", "x", "-1", str(middleware.LARGEST_BODY)])
def test_other_bodies_go_on(length: str) -> None:
    request = RequestFactory().post("/x/", CONTENT_LENGTH=length)
    assert middleware.bounded_body(lambda request: HttpResponse(status=204))(request).status_code == 204
