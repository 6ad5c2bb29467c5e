"""A table that guards nothing is found at start."""

from dataclasses import replace

import pytest
from django.apps import apps
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import override_settings
from django.urls import path

from monitoring.limits import setup
from monitoring.limits.decorator import limit
from monitoring.limits.engine import Engine
from monitoring.limits.rates import parse
from monitoring.limits.tiers import Mark, Policy, Tier
from tests.monitoring.limits.making import a_policy


def ids(messages: list[object]) -> list[str]:
    return [str(getattr(message, "id", "")) for message in messages]


def test_the_hall_as_it_is_has_nothing_to_say() -> None:
    assert setup.check_middleware() == []
    assert setup.check_routes() == []


def test_the_cookie_that_says_who_has_a_session_is_the_one_of_the_settings() -> None:
    assert a_policy().session_cookie == settings.SESSION_COOKIE_NAME


def test_a_missing_or_misplaced_middleware_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for order, told in (((), "limits.E001"), ((setup.MIDDLEWARE, setup.AUTHENTICATION), "limits.E002")):
        monkeypatch.setattr(apps.get_app_config("limits"), "middleware", order)
        assert ids([*setup.check_middleware()]) == [told]


def test_a_route_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    policy = replace(a_policy(), routes={"account_logon": (Mark("sign-in"),)})
    monkeypatch.setattr(apps.get_app_config("limits"), "engine", Engine(policy))
    assert ids([*setup.check_routes()]) == ["limits.E004"]


@limit("no-such-tier")
def marked(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


urlpatterns = [path("marked/", marked, name="marked")]


@override_settings(ROOT_URLCONF=__name__)
def test_a_tier_that_the_table_lacks_is_named() -> None:
    assert "limits.E003" in ids([*setup.check_routes()])


def test_a_table_is_whole_or_it_is_none() -> None:
    policy = a_policy()
    with pytest.raises(ValueError, match="not in the table"):
        replace(policy, routes={"account_login": (Mark("sign_in"),)})
    with pytest.raises(ValueError, match="lacks tiers"):
        Policy(tiers={}, store_url="", secret=b"x")
    with pytest.raises(ValueError, match="needs a rate"):
        Tier("x", (), ("user",))
    with pytest.raises(ValueError, match="needs a rate"):
        Tier("x", parse("1/minute"), ())
