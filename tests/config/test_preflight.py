"""The rules about the environment and the settings: each with the value that breaks it, and with one that does not."""

import hashlib
import os
from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

import pytest
from django.core.checks import CheckMessage
from django.test import override_settings

from config import preflight, probing
from config.env import Environment, Problem
from tests.loopback import Answering

# As good as random, and the same in every process: the names of the cases hold them.
STRONG, OTHER, THIRD = (hashlib.sha512(name).hexdigest() for name in (b"one", b"two", b"three"))
PUBLIC = {
    "SITE_URL": "https://hall.example",
    "ALLOWED_HOSTS": ["hall.example"],
    "DEBUG": False,
    "TRUSTED_PROXIES": [ip_network("10.0.0.0/8")],
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
    "SESSION_COOKIE_HTTPONLY": True,
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "BREVO_API_KEY": "xkeysib-" + "a1" * 32,
    "DEFAULT_FROM_EMAIL": "The hall <hall@market.eu>",
    "SECRET_KEY": STRONG,
    "SECRET_KEY_FALLBACKS": [],
}


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without anything of the developer's."""
    for name in (*preflight.SECRETS, *preflight.OTHERS):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)
    monkeypatch.setenv("RATE_LIMIT_REDIS_URL", "redis://limits:6379/1")
    monkeypatch.setenv("HEALTH_TOKEN", OTHER)
    monkeypatch.setenv("METRICS_TOKEN", THIRD)


def said(found: Iterable[CheckMessage]) -> list[str]:
    return [
        f"{'error' if message.level >= 40 else 'warning'} {str(message.id).removeprefix('preflight.')} {message.obj or ''}"
        for message in found
    ]


def everything() -> list[str]:
    rules = (
        preflight.environment, preflight.secrets, preflight.shapes, preflight.addresses, preflight.browser_protection,
        preflight.cors_protection, preflight.mail,
    )  # fmt: skip
    return [line for rule in rules for line in said(rule())]


def test_a_hall_that_is_set_up_well_is_told_nothing() -> None:
    with override_settings(**PUBLIC):
        assert everything() == []


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"SECRET_KEY": "a" * 64}, "error secret.weak SESSION_SECRET"),
        ({"SECRET_KEY": "changeme-changeme-changeme-changeme"}, "error secret.weak SESSION_SECRET"),
        ({"SECRET_KEY": STRONG[:31]}, "error secret.short SESSION_SECRET"),
        ({"SECRET_KEY_FALLBACKS": ["short"]}, "error secret.short SESSION_SECRET_FALLBACKS"),
        ({"SECRET_KEY_FALLBACKS": ["b" * 50]}, "error secret.weak SESSION_SECRET_FALLBACKS"),
        ({"SECRET_KEY_FALLBACKS": [STRONG]}, "error secret.same SESSION_SECRET_FALLBACKS"),
        ({"SECRET_KEY": OTHER}, "error secret.same HEALTH_TOKEN"),
        ({"ALLOWED_HOSTS": ["www.hall.example"]}, "error hosts ALLOWED_HOSTS"),
        ({"ALLOWED_HOSTS": ["*"]}, "error hosts.all ALLOWED_HOSTS"),
        ({"TRUSTED_PROXIES": []}, "error proxies.unset TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": [ip_network("0.0.0.0/0")]}, "error proxies.all TRUSTED_PROXIES"),
        ({"TRUSTED_PROXIES": [ip_network("10.0.0.0/8"), ip_network("::/0")]}, "error proxies.all TRUSTED_PROXIES"),
        ({"DEBUG": True}, "error debug DEBUG"),
        ({"SITE_URL": "http://hall.example"}, "error https SITE_URL"),
        ({"SESSION_COOKIE_SECURE": False}, "error cookies SESSION_COOKIE_SECURE"),
        ({"CSRF_COOKIE_SECURE": False}, "error cookies CSRF_COOKIE_SECURE"),
        ({"SESSION_COOKIE_HTTPONLY": False}, "error cookies SESSION_COOKIE_HTTPONLY"),
        ({"SECURE_SSL_REDIRECT": False}, "error cookies SECURE_SSL_REDIRECT"),
        ({"SECURE_HSTS_SECONDS": 3600}, "error hsts SECURE_HSTS_SECONDS"),
        ({"SECURE_HSTS_INCLUDE_SUBDOMAINS": False}, "error hsts SECURE_HSTS_SECONDS"),
        (
            {"CORS_ALLOW_ALL_ORIGINS": True, "CORS_ALLOW_CREDENTIALS": True},
            "error cors.credentials CORS_ALLOWED_ORIGINS",
        ),
        (
            {"CORS_ALLOWED_ORIGIN_REGEXES": [".*"], "CORS_ALLOW_CREDENTIALS": True},
            "error cors.credentials CORS_ALLOWED_ORIGINS",
        ),
        ({"CORS_ALLOW_ALL_ORIGINS": True}, "warning cors.all CORS_ALLOWED_ORIGINS"),
        ({"BREVO_API_KEY": None}, "error mail.unset BREVO_API_KEY"),
        ({"BREVO_API_KEY": "xkeysib abc def ghi jkl mno"}, "error mail.key BREVO_API_KEY"),
        ({"BREVO_API_KEY": "short"}, "error mail.key BREVO_API_KEY"),
        ({"DEFAULT_FROM_EMAIL": "Awning <hall@awning.test>"}, "error mail.sender MAIL_FROM"),
        ({"DEFAULT_FROM_EMAIL": "hall@localhost.localhost"}, "error mail.sender MAIL_FROM"),
    ],
)
def test_a_setting_that_weakens_the_hall(change: dict[str, Any], expected: str) -> None:
    with override_settings(**(PUBLIC | change)):
        assert everything() == [expected]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HEALTH_TOKEN", "", "warning token.unset HEALTH_TOKEN"),
        ("METRICS_TOKEN", "", "warning token.unset METRICS_TOKEN"),
        ("METRICS_TOKEN", "tooshort", "error secret.short METRICS_TOKEN"),
        ("METRICS_TOKEN", "metricsmetricsmetrics", "error secret.weak METRICS_TOKEN"),
        ("METRICS_TOKEN", OTHER, "error secret.same HEALTH_TOKEN"),
        ("HEALTH_TOKEN", f'"{OTHER}"', "error environment.quoted HEALTH_TOKEN"),
        ("STRIPE_SECRET_KEY", "sk_live_x ", "error environment.quoted STRIPE_SECRET_KEY"),
        ("RATE_LIMIT_REDIS_URL", "", "error shape RATE_LIMIT_REDIS_URL"),
        ("RATE_LIMIT_REDIS_URL", "localhost:6379", "error shape RATE_LIMIT_REDIS_URL"),
        ("REDIS_URL", "http://localhost", "error shape REDIS_URL"),
        ("CELERY_BROKER_URL", "redis://host:port/0", "error shape CELERY_BROKER_URL"),
        ("DEPLOY_ERROR_THRESHOLD", "1%", "error shape DEPLOY_ERROR_THRESHOLD"),
        ("DEPLOY_MEMORY_THRESHOLD", "80", "error shape DEPLOY_MEMORY_THRESHOLD"),
        ("DEPLOY_CPU_THRESHOLD", "nan", "error shape DEPLOY_CPU_THRESHOLD"),
        ("DEPLOY_P99_THRESHOLD", "1s", "error shape DEPLOY_P99_THRESHOLD"),
        ("RATES_API_BASE", "http://rates.example", "error shape RATES_API_BASE"),
        ("STRIPE_API_BASE", "ftp://api.stripe.com", "error shape STRIPE_API_BASE"),
        ("SENTRY_DSN", "https://sentry.example/1", "error shape SENTRY_DSN"),
        ("SENTRY_DSN", "https://key@sentry.example/", "error shape SENTRY_DSN"),
        ("COINGECKO_API_KEY", "a b", "error shape COINGECKO_API_KEY"),
        ("DATABASE_REPLICA_URL_FILE", "/nowhere/at-all", "error environment DATABASE_REPLICA_URL"),
    ],
)
def test_a_variable_that_cannot_be_meant(name: str, value: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with override_settings(**PUBLIC):
        assert expected in everything()
        assert len(everything()) == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_LIMIT_DEFAULT", "100/minute;1000/15 minutes"), ("RATE_LIMIT_CONCURRENT", "20;50"),
        ("DEPLOY_ERROR_THRESHOLD", ".05"), ("DEPLOY_ERROR_THRESHOLD", "1"),
        ("DEPLOY_P99_THRESHOLD", "750.5"), ("SENTRY_DSN", "https://abc@o1.sentry.example/2/34"),
        ("RATES_API_BASE", "http://127.0.0.1:9"), ("CELERY_BROKER_URL", "rediss://:p%2Fw@h:1/0"), ("REDIS_URL", "unix:///x.sock"),
    ],
)  # fmt: skip
def test_a_variable_that_can(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, value)
    with override_settings(**PUBLIC):
        assert everything() == []


def test_on_loopback_a_developer_needs_less(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HEALTH_TOKEN")
    local = {"SITE_URL": "http://127.0.0.1:8000", "ALLOWED_HOSTS": ["127.0.0.1"], "TRUSTED_PROXIES": [], "DEBUG": True}
    lax = {
        "BREVO_API_KEY": None,
        "SESSION_COOKIE_SECURE": False,
        "SECURE_HSTS_SECONDS": 0,
        "SECURE_SSL_REDIRECT": False,
    }
    with override_settings(**(PUBLIC | local | lax)):
        assert everything() == []


def test_what_settings_refused_is_told_once_and_looked_at_no_further(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RATE_LIMIT_REDIS_URL", "nonsense")
    monkeypatch.setattr(preflight, "problems", lambda: (Problem("RATE_LIMIT_REDIS_URL", "is nonsense."),))
    with override_settings(**PUBLIC):
        assert everything() == ["error environment RATE_LIMIT_REDIS_URL"]


def test_the_fleet_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEB_WORKERS", "3")
    monkeypatch.setenv("DB_POOL_MAX", "7")
    monkeypatch.setattr(probing.broker, "worker_concurrency", 4)
    # 3 × 7 web, 4 processes each for two queues and one for bulk, and one each for beat, sweep and a command.
    assert probing.fleet() == 33


@pytest.mark.parametrize(("status", "expected"), [(200, []), (401, ["error mail.refused BREVO_API_KEY"])])
def test_the_mail_key_is_tried_where_it_belongs(status: int, expected: list[str]) -> None:
    with Answering(status) as service, override_settings(**PUBLIC):
        assert said(probing._mail(service.url)) == expected
    assert service.asked == [("GET", "/account", PUBLIC["BREVO_API_KEY"])]


def test_every_variable_of_the_example_is_known_to_somebody() -> None:
    assert not set(preflight.SECRETS) & set(preflight.OTHERS)
    assert set(preflight.SHAPES) <= {*preflight.SECRETS, *preflight.OTHERS}
    assert Environment(os.environ).raw("RATE_LIMIT_REDIS_URL")
