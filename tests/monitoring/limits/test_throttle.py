"""REST views under the same table: 429 and not 403, and who holds a token is counted as its owner."""

import json
from collections.abc import Iterator

import pytest
from django.test import Client, override_settings
from django.urls import path
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from marketplace.accounts.models import User
from monitoring.limits.throttle import LimitThrottle
from tests.monitoring.limits.conftest import Hall

pytestmark = pytest.mark.django_db


class Token(BaseAuthentication):
    """``Authorization: Token <id>``."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        word = request.headers.get("Authorization", "")
        if not word:
            return None
        try:
            return User.objects.get(pk=int(word.removeprefix("Token "))), None
        except (ValueError, User.DoesNotExist):
            raise AuthenticationFailed from None

    def authenticate_header(self, request: Request) -> str:
        return "Token"


class Thing(APIView):
    authentication_classes = [Token, SessionAuthentication]
    permission_classes = []
    throttle_classes = [LimitThrottle]  # type: ignore[list-item]

    def get(self, request: Request) -> Response:
        return Response({"thing": 1})


class Export(Thing):
    limit_tiers = ("expensive",)


urlpatterns = [path("api/thing/", Thing.as_view()), path("api/export/", Export.as_view())]


@pytest.fixture(autouse=True)
def _routes() -> Iterator[None]:
    with override_settings(ROOT_URLCONF=__name__):
        yield


def ask(where: str, tries: int, *, token: object = None, address: str = "203.0.113.7") -> list[int]:
    headers = {"Authorization": f"Token {token}"} if token is not None else None
    return [Client(REMOTE_ADDR=address, headers=headers).get(where).status_code for _ in range(tries)]


def test_strangers_are_limited_by_network_and_counted_once(hall: Hall) -> None:
    hall(anonymous="3/minute")
    assert ask("/api/thing/", 5) == [200, 200, 200, 429, 429]


def test_token_holders_are_counted_as_themselves(hall: Hall, mira: User, olga: User) -> None:
    hall(anonymous="1/minute", user="3/minute")
    assert ask("/api/thing/", 4, token=mira.pk) == [200, 200, 200, 429]
    assert ask("/api/thing/", 1, token=mira.pk, address="198.51.100.1") == [429], "wherever they come from"
    assert ask("/api/thing/", 3, token=olga.pk) == [200, 200, 200]


def test_a_session_is_counted_once(hall: Hall, mira: User) -> None:
    hall(user="3/minute")
    browser = Client(REMOTE_ADDR="203.0.113.7")
    browser.force_login(mira)
    assert [browser.get("/api/thing/").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_view_adds_tiers(hall: Hall, mira: User) -> None:
    hall(expensive="2/minute", user="5/minute")
    assert ask("/api/export/", 4, token=mira.pk) == [200, 200, 429, 429]
    assert ask("/api/thing/", 4, token=mira.pk) == [200, 200, 200, 429]


def test_the_answer_is_the_halls_own(hall: Hall, mira: User) -> None:
    hall(user="1/minute")
    ask("/api/thing/", 1, token=mira.pk)
    answer = Client(REMOTE_ADDR="203.0.113.7", headers={"Authorization": f"Token {mira.pk}"}).get("/api/thing/")
    assert answer.status_code == 429
    assert answer["Retry-After"] == "60"
    assert answer["Content-Type"] == "application/problem+json"
    assert json.loads(answer.content)["code"] == "rate_limited"
    assert '"user-60";q=1;w=60' in answer["RateLimit-Policy"]


def test_who_tries_tokens_is_counted_as_a_stranger(hall: Hall) -> None:
    hall(anonymous="3/minute")
    assert ask("/api/thing/", 5, token=999_999) == [401, 401, 401, 429, 429]


def test_places_of_token_holders_are_given_back(hall: Hall, mira: User) -> None:
    made = hall(concurrent_user="1/minute", concurrent_address="1/minute")
    assert ask("/api/thing/", 5, token=mira.pk) == [200] * 5
    assert not any(made.store.client.scan_iter("limit:concurrent-*"))
