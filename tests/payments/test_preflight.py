"""What payments need before the hall opens: each rule with the key that breaks it."""

import dataclasses
from collections.abc import Iterable

import pytest
from django.apps import apps
from django.core.checks import CheckMessage

from payments import gateway, preflight
from payments.access import Access, access
from payments.preflight import keys, provider
from payments.provider import ProviderAccount, ProviderRejected, ProviderUnavailable
from tests.stripe_control import StripeControl

PUBLIC, LOCAL = "https://hall.example", "http://127.0.0.1:8000"
LIVE = Access(
    secret_key="sk_live_" + "a1B2" * 6,
    publishable_key="pk_live_" + "c3D4" * 6,
    api_base="https://api.stripe.com",
    script_url="",
    webhook_secrets=("whsec_" + "e5F6" * 8,),
)
TEST = {"secret_key": "sk_test_" + "a1B2" * 6, "publishable_key": "pk_test_" + "c3D4" * 6}


def said(found: Iterable[CheckMessage]) -> list[str]:
    return [
        f"{'error' if message.level >= 40 else 'warning'} {str(message.id).removeprefix('preflight.stripe.')} {message.obj}"
        for message in found
    ]


@pytest.mark.parametrize(
    ("change", "site", "expected"),
    [
        ({}, PUBLIC, []),
        ({"secret_key": "rk_live_" + "a1B2" * 6}, PUBLIC, []),
        ({"webhook_secrets": ("whsec_" + "a1" * 16, "whsec_" + "b2" * 16)}, PUBLIC, []),
        (TEST, LOCAL, []),
        (TEST | {"api_base": "http://127.0.0.1:12111"}, LOCAL, []),
        ({"secret_key": "sk_live_short"}, PUBLIC, ["error secret_key STRIPE_SECRET_KEY"]),
        ({"secret_key": "pk_live_" + "a1B2" * 6}, PUBLIC, ["error secret_key STRIPE_SECRET_KEY"]),
        ({"secret_key": "sk_live_" + "a1B2" * 6 + "\n"}, PUBLIC, ["error secret_key STRIPE_SECRET_KEY"]),
        ({"secret_key": "prod-key"}, PUBLIC, ["error secret_key STRIPE_SECRET_KEY"]),
        ({"publishable_key": "sk_live_" + "c3D4" * 6}, PUBLIC, ["error publishable_key STRIPE_PUBLISHABLE_KEY"]),
        (
            {"secret_key": TEST["secret_key"]}, PUBLIC,
            ["error modes STRIPE_PUBLISHABLE_KEY", "error test_key STRIPE_SECRET_KEY"],
        ),
        (
            {"publishable_key": TEST["publishable_key"]}, PUBLIC,
            ["error modes STRIPE_PUBLISHABLE_KEY", "error test_key STRIPE_PUBLISHABLE_KEY"],
        ),
        (TEST, PUBLIC, ["error test_key STRIPE_SECRET_KEY", "error test_key STRIPE_PUBLISHABLE_KEY"]),
        ({}, LOCAL, ["warning live_key STRIPE_SECRET_KEY", "warning live_key STRIPE_PUBLISHABLE_KEY"]),
        ({"api_base": "http://127.0.0.1:12111"}, PUBLIC, ["error api_base STRIPE_API_BASE"]),
        ({"api_base": "http://api.stripe.com"}, PUBLIC, ["error api_base STRIPE_API_BASE"]),
        ({"api_base": "https://api.stripe.com.evil.example"}, PUBLIC, ["error api_base STRIPE_API_BASE"]),
        ({"webhook_secrets": ()}, PUBLIC, ["error webhook_secret STRIPE_WEBHOOK_SECRET"]),
        ({"webhook_secrets": ("whsec_short",)}, PUBLIC, ["error webhook_secret STRIPE_WEBHOOK_SECRET"]),
        ({"webhook_secrets": ("whsec_" + "a1" * 16, "we_123")}, PUBLIC, ["error webhook_secret STRIPE_WEBHOOK_SECRET"]),
    ],
)  # fmt: skip
def test_the_keys(change: dict[str, object], site: str, expected: list[str]) -> None:
    who = dataclasses.replace(LIVE, **change)  # type: ignore[arg-type]
    found = list(keys(who, site_url=site))
    assert said(found) == expected
    for message in found:
        assert not any(
            secret in str(message) for secret in (who.secret_key.strip(), who.publishable_key, *who.webhook_secrets)
        )


@pytest.fixture
def real_key(monkeypatch: pytest.MonkeyPatch) -> None:
    changed = dataclasses.replace(access(), secret_key=TEST["secret_key"])
    monkeypatch.setattr(apps.get_app_config("payments"), "access", changed)


def test_the_account_behind_the_key_answers(stripe: StripeControl, real_key: None) -> None:
    assert gateway.fetch_account().charges_enabled
    assert said(provider()) == []


@pytest.mark.parametrize(
    ("key", "outcome", "expected"),
    [
        ("sk", ProviderAccount(charges_enabled=False, date=""), ["error charges STRIPE_SECRET_KEY"]),
        ("sk", ProviderAccount(charges_enabled=True, date="Sun, 06 Nov 1994 08:49:37 GMT"), ["error clock STRIPE_SECRET_KEY"]),
        ("sk", ProviderAccount(charges_enabled=True, date="rubbish"), []),
        ("sk", ProviderRejected("no", reason="AuthenticationError"), ["error refused STRIPE_SECRET_KEY"]),
        ("rk", ProviderRejected("no", reason="AuthenticationError"), ["error refused STRIPE_SECRET_KEY"]),
        ("rk", ProviderRejected("no", reason="PermissionError"), ["warning restricted STRIPE_SECRET_KEY"]),
        ("sk", ProviderRejected("no", reason="PermissionError"), ["error refused STRIPE_SECRET_KEY"]),
    ],
)  # fmt: skip
def test_what_the_provider_says_of_the_key(
    key: str, outcome: ProviderAccount | Exception, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fetch_account() -> ProviderAccount:
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    changed = dataclasses.replace(access(), secret_key=f"{key}_test_" + "a1B2" * 6)
    monkeypatch.setattr(apps.get_app_config("payments"), "access", changed)
    monkeypatch.setattr(preflight.gateway, "fetch_account", fetch_account)
    assert said(provider()) == expected


def test_a_provider_that_is_away_is_the_probes_own_failure(real_key: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def away() -> ProviderAccount:
        raise ProviderUnavailable("away")

    monkeypatch.setattr(preflight.gateway, "fetch_account", away)
    with pytest.raises(ProviderUnavailable):
        list(provider())


def test_what_is_no_key_is_sent_nowhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def never() -> ProviderAccount:
        raise AssertionError("asked")

    monkeypatch.setattr(preflight.gateway, "fetch_account", never)
    monkeypatch.setattr(
        apps.get_app_config("payments"), "access", dataclasses.replace(access(), secret_key="postgres://u:p@h/d")
    )
    assert said(provider()) == []
