import pytest
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from marketplace.accounts.models import User
from tests.repeated_queries import MOST, RepeatedQueries, allowed


def repeats(request: HttpRequest, times: int) -> HttpResponse:
    for number in range(times):
        User.objects.filter(pk=number).first()
    return HttpResponse("done")


def differs(request: HttpRequest, times: int) -> HttpResponse:
    for number in range(times):
        User.objects.filter(pk=number).order_by(*["pk", "email", "name"][: number + 1]).first()
    return HttpResponse("done")


def raw(request: HttpRequest, times: int) -> HttpResponse:
    with connection.cursor() as cursor:
        for number in range(times):
            cursor.execute(f"SELECT 'value {number}'")
    return HttpResponse("done")


urlpatterns = [
    path("repeats/<int:times>/", repeats),
    path("differs/<int:times>/", differs),
    path("raw/<int:times>/", raw),
]

pytestmark = [pytest.mark.urls(__name__), pytest.mark.django_db]


def test_a_page_that_asks_for_each_line_fails_and_is_told_what_and_where(client: Client) -> None:
    with pytest.raises(RepeatedQueries) as raised:
        client.get(f"/repeats/{MOST + 1}/")
    text = str(raised.value)
    assert f"GET /repeats/{MOST + 1}/" in text
    assert f"{MOST + 1} × SELECT" in text
    assert '"accounts_user"."id" = $1' in text


def test_literals_in_the_text_do_not_hide_a_repetition(client: Client) -> None:
    with pytest.raises(RepeatedQueries):
        client.get(f"/raw/{MOST + 1}/")


def test_a_few_and_different_statements_pass(client: Client) -> None:
    assert client.get(f"/repeats/{MOST}/").status_code == 200
    assert client.get("/differs/3/").status_code == 200


def test_each_request_is_counted_for_itself(client: Client) -> None:
    for _ in range(3):
        assert client.get(f"/repeats/{MOST}/").status_code == 200


@pytest.mark.repeats(8, reason="shows that the marker works")
def test_an_exception_has_its_number(client: Client) -> None:
    assert client.get("/repeats/8/").status_code == 200
    with pytest.raises(RepeatedQueries):
        client.get("/repeats/9/")


def test_an_exception_needs_its_reason() -> None:
    for mark in (pytest.mark.repeats(8), pytest.mark.repeats(reason="x"), pytest.mark.repeats(8, reason="")):
        with pytest.raises(pytest.UsageError):
            allowed(mark.mark)
    assert allowed(None) == MOST


def test_it_says_which_line_of_ours_asked(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from marketplace.core import services
    from tests.conftest import NOW

    def page(request: HttpRequest, times: int) -> HttpResponse:
        for _ in range(times):
            services.claim(now=NOW)
        return HttpResponse("done")

    monkeypatch.setattr("tests.test_repeated_queries.urlpatterns", [path("claims/<int:times>/", page)])
    from django.urls import clear_url_caches

    clear_url_caches()
    with pytest.raises(RepeatedQueries, match=r"by marketplace/core/services.py:\d+ in claim"):
        client.get("/claims/6/")
    clear_url_caches()
