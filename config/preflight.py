"""What the environment and the settings must hold before the hall opens; `manage.py preflight` asks it all.

Settings have stopped the start already for what they cannot use. Here is what they can use and should not: weak secrets,
headers switched off, addresses that do not fit each other, values of variables that only some processes read.
"""

import os
import re
from collections.abc import Callable, Iterator
from typing import TypeAlias
from urllib.parse import urlsplit

from corsheaders.conf import conf
from django.conf import settings
from django.core.checks import CheckMessage
from django.http.request import validate_host

from config.env import Environment, problems
from config.redis_urls import is_redis
from config.site import LOOPBACK
from monitoring.preflight import mask
from monitoring.preflight.findings import error, rule, warning
from monitoring.preflight.strength import bits

# Values, or parts of them, that no message may show.
SECRETS = (
    "SESSION_SECRET",
    "SESSION_SECRET_FALLBACKS",
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "BREVO_API_KEY",
    "COINGECKO_API_KEY",
    "SENTRY_DSN",
    "HEALTH_TOKEN",
    "METRICS_TOKEN",
    "ALERT_WEBHOOK_URL",
    "DATABASE_URL",
    "DATABASE_REPLICA_URL",
    "REDIS_URL",
    "RATE_LIMIT_REDIS_URL",
    "CELERY_BROKER_URL",
    "PUBLIC_MEDIA_URL",
    "PRIVATE_MEDIA_URL",
)
# The others that CONTRACT promises; all are looked at for blanks and quotes that belong to no value.
OTHERS = (
    "SITE_URL",
    "ALLOWED_HOSTS",
    "CORS_ALLOWED_ORIGINS",
    "TRUSTED_PROXIES",
    "STRIPE_API_BASE",
    "RATES_API_BASE",
    "DB_POOL_MIN",
    "DB_POOL_MAX",
    "RATE_LIMIT_DEFAULT",
    "RATE_LIMIT_EXPENSIVE",
    "RATE_LIMIT_BURST",
    "RATE_LIMIT_CONCURRENT",
    "DEPLOY_ERROR_THRESHOLD",
    "DEPLOY_P99_THRESHOLD",
    "DEPLOY_MEMORY_THRESHOLD",
    "DEPLOY_CPU_THRESHOLD",
    "MARKET_CURRENCY",
)
# Random secrets of 128 bits are always estimated above this, sentences people write are not (monitoring.preflight.strength).
SESSION_LENGTH, SESSION_BITS = 32, 80
TOKEN_LENGTH, TOKEN_BITS = 20, 60
_MAKE = 'Make one: python -c "import secrets; print(secrets.token_urlsafe(64))"'

Shape: TypeAlias = Callable[[str], bool]


def register() -> None:
    """Called when the apps are ready."""
    mask.hide(lambda: _values(SECRETS))
    for check in (environment, secrets, shapes, addresses, browser_protection, cors_protection, mail):
        rule(check)


def _values(names: tuple[str, ...]) -> Iterator[str]:
    """The values of the variables, and their parts where they are lists."""
    seen = Environment(os.environ)
    for name in names:
        value = seen.raw(name) or ""
        yield value
        if "," in value:
            yield from (part.strip() for part in value.split(","))


def is_public() -> bool:
    """Whether buyers come here: everything but a hall on loopback."""
    return urlsplit(settings.SITE_URL).hostname not in LOOPBACK


def environment() -> Iterator[CheckMessage]:
    """What the settings refused, and values that were quoted or padded by whoever set them."""
    refused = {problem.variable for problem in problems()}
    for problem in problems():
        yield error("environment", problem.variable, problem.text, hint="See .env.example for its meaning.")
    seen = Environment(os.environ)
    for name in (*SECRETS, *OTHERS):
        value = seen.raw(name) or ""
        if value != value.strip() or (len(value) > 1 and value[0] == value[-1] and value[0] in "'\""):
            yield error(
                "environment.quoted", name, "begins or ends with a blank or stands in quotes, which belong to the value.",
                hint="Write the bare value: env files are no shell.",
            )  # fmt: skip
    for problem in seen.problems():
        if problem.variable not in refused:
            yield error("environment", problem.variable, problem.text, hint="See .env.example for its meaning.")


def secrets() -> Iterator[CheckMessage]:
    """How hard the hall's own secrets are to guess, and that each is used once."""
    if "SESSION_SECRET" not in {problem.variable for problem in problems()}:
        yield from _strong("SESSION_SECRET", settings.SECRET_KEY, SESSION_LENGTH, SESSION_BITS)
    for fallback in settings.SECRET_KEY_FALLBACKS:
        yield from _strong("SESSION_SECRET_FALLBACKS", fallback, SESSION_LENGTH, SESSION_BITS)
        if fallback == settings.SECRET_KEY:
            yield error(
                "secret.same", "SESSION_SECRET_FALLBACKS", "holds the present SESSION_SECRET.", hint="Remove it."
            )
    seen = Environment(os.environ)
    values = {name: seen.raw(name) or "" for name in ("HEALTH_TOKEN", "METRICS_TOKEN")}
    for name, value in values.items():
        if value:
            yield from _strong(name, value, TOKEN_LENGTH, TOKEN_BITS)
        elif is_public():
            yield warning(
                "token.unset", name, "is not set: nobody but staff can ask.", hint=f"{_MAKE.replace('64', '32')}"
            )
    used = [settings.SECRET_KEY, *filter(None, values.values())]
    if len(set(used)) < len(used):
        yield error("secret.same", "HEALTH_TOKEN", "is not its own: two secrets are equal.", hint="Make one for each.")


def _strong(name: str, value: str, length: int, least: int) -> Iterator[CheckMessage]:
    if len(value) < length:
        yield error("secret.short", name, f"has {len(value)} characters; it needs at least {length}.", hint=_MAKE)
    elif (estimate := bits(value)) < least:
        yield error(
            "secret.weak", name, f"is guessable: about {estimate:.0f} bits, and it needs {least}. Its length does not help.",
            hint=_MAKE,
        )  # fmt: skip


def _is_share(text: str) -> bool:
    return bool(re.fullmatch(r"0?\.\d+|0|1(\.0*)?", text))


def _is_positive(text: str) -> bool:
    return bool(re.fullmatch(r"[1-9]\d*(\.\d+)?", text))


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in LOOPBACK))


def _is_dsn(text: str) -> bool:
    return _is_address(text) and bool(urlsplit(text).username) and urlsplit(text).path.rpartition("/")[2].isdigit()


def _is_word(text: str) -> bool:
    return len(text) >= 8 and text.isascii() and text.isprintable() and " " not in text


SHAPES: dict[str, tuple[Shape, str]] = {
    "REDIS_URL": (is_redis, "redis://:password@host:6379/0"),
    "RATE_LIMIT_REDIS_URL": (is_redis, "redis://:password@host:6380/1"),
    "CELERY_BROKER_URL": (is_redis, "redis://:password@host:6380/0"),
    "DEPLOY_ERROR_THRESHOLD": (_is_share, "0.01"),
    "DEPLOY_P99_THRESHOLD": (_is_positive, "1000"),
    "DEPLOY_MEMORY_THRESHOLD": (_is_share, "0.8"),
    "DEPLOY_CPU_THRESHOLD": (_is_share, "0.7"),
    "STRIPE_API_BASE": (_is_address, "https://api.stripe.com"),
    "RATES_API_BASE": (_is_address, "https://api.coingecko.com/api/v3"),
    "COINGECKO_API_KEY": (_is_word, "CG-…, as its dashboard shows it"),
    "SENTRY_DSN": (_is_dsn, "https://key@host/number"),
}


def shapes() -> Iterator[CheckMessage]:
    """Variables whose values have a form that the settings do not know: rates, for one, they have refused already."""
    refused = {problem.variable for problem in problems()}
    seen = Environment(os.environ)
    for name, (fits, example) in SHAPES.items():
        value = seen.raw(name)
        if value and name not in refused and not fits(value):
            yield error("shape", name, f"does not look like {example}.", hint="Write it in that form.")
    if "RATE_LIMIT_REDIS_URL" not in refused and not seen.raw("RATE_LIMIT_REDIS_URL"):
        yield error("shape", "RATE_LIMIT_REDIS_URL", "is not set.", hint="Name a Redis database that does not evict.")
    pool = settings.DATABASES["default"]["OPTIONS"].get("pool") or {"min_size": 0, "max_size": 1}
    if pool["min_size"] > pool["max_size"]:
        yield error("pool", "DB_POOL_MIN", "is larger than DB_POOL_MAX.", hint="Lower it.")


def addresses() -> Iterator[CheckMessage]:
    """Where the hall is, whom it answers, and whom it believes about that."""
    host = urlsplit(settings.SITE_URL).hostname or ""
    if not validate_host(host, settings.ALLOWED_HOSTS):
        yield error(
            "hosts", "ALLOWED_HOSTS", "does not hold the host of SITE_URL: every page answers 400.", hint="Add it."
        )
    if is_public() and "*" in settings.ALLOWED_HOSTS:
        yield error("hosts.all", "ALLOWED_HOSTS", "accepts forged Host headers.", hint="List the names of the hall.")
    if is_public() and not settings.TRUSTED_PROXIES:
        yield error(
            "proxies.unset", "TRUSTED_PROXIES", "is not set: all visitors would share the proxy's address and limits.",
            hint="Name the networks of the proxies that end TLS, such as 10.0.0.0/8.",
        )  # fmt: skip
    if any(network.prefixlen == 0 for network in settings.TRUSTED_PROXIES):
        yield error(
            "proxies.all", "TRUSTED_PROXIES", "trusts the whole world: anybody may claim any address.",
            hint="Name your own proxies' networks alone.",
        )  # fmt: skip


def browser_protection() -> Iterator[CheckMessage]:
    """What a public hall's browsers must be told."""
    if not is_public():
        return
    if settings.DEBUG:
        yield error("debug", "DEBUG", "is on: error pages show source and settings to everybody.", hint="Unset it.")
    if urlsplit(settings.SITE_URL).scheme != "https":
        yield error("https", "SITE_URL", "is not https.", hint="End TLS at the proxy and name the https address.")
    for name in ("SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SECURE_SSL_REDIRECT"):
        if not getattr(settings, name):
            yield error("cookies", name, "is off in the settings.", hint="Leave it to config/settings.py.")
    if settings.SECURE_HSTS_SECONDS < 31_536_000 or not settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        yield error("hsts", "SECURE_HSTS_SECONDS", "is less than a year.", hint="Leave it to config/settings.py.")


def cors_protection() -> Iterator[CheckMessage]:
    """What the library's own checks let pass: everybody, with cookies."""
    everybody = conf.CORS_ALLOW_ALL_ORIGINS or bool(conf.CORS_ALLOWED_ORIGIN_REGEXES)
    if everybody and conf.CORS_ALLOW_CREDENTIALS:
        yield error(
            "cors.credentials", "CORS_ALLOWED_ORIGINS",
            "would let every site act with its visitors' sessions: all origins are allowed, with credentials.",
            hint="List the origins, and keep CORS_ALLOW_CREDENTIALS off.",
        )  # fmt: skip
    elif everybody:
        yield warning("cors.all", "CORS_ALLOWED_ORIGINS", "admits origins that nobody listed.", hint="List them.")


def mail() -> Iterator[CheckMessage]:
    """That letters leave the house."""
    key = settings.BREVO_API_KEY
    if key and not (20 <= len(key) <= 200 and re.fullmatch(r"[\w-]+", key, re.ASCII)):
        yield error(
            "mail.key", "BREVO_API_KEY", "is not a key of Brevo (xkeysib-…).", hint="Copy it from Brevo's settings."
        )
    if not is_public():
        return
    if not key:
        yield error(
            "mail.unset", "BREVO_API_KEY", "is not set: nobody gets a confirmation or a receipt.",
            hint="Set Brevo's key (xkeysib-…).",
        )  # fmt: skip
    if re.search(r"@[^>]*\.(test|example|invalid|localhost)>?$", settings.DEFAULT_FROM_EMAIL):
        yield error(
            "mail.sender", "MAIL_FROM", "is an address that cannot exist: letters would be refused.",
            hint="Name a sender of your own domain.",
        )  # fmt: skip
