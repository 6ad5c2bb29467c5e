"""The table of the limits, and which of our routes they guard (CONTRACT: limits)."""

from hashlib import blake2b
from typing import Any

from config.env import number, refuse, text
from config.redis_urls import redis_url
from monitoring.limits.rates import BadRate, Window, parse, parse_concurrent
from monitoring.limits.tiers import (
    ANONYMOUS,
    BURST,
    PLACES_ADDRESS,
    PLACES_USER,
    UNSAFE,
    USER,
    Mark,
    Policy,
    Tier,
)

# A place that nobody gave back, because its process died, is free again after this (seconds).
LEASE_SECONDS = 60
# Per user and per address, at the same moment.
CONCURRENT = (20, 50)
# Files, probes, and what a provider reports: its signature is checked before anything else, and it must get through.
EXEMPT = ("/static/*", "/media/*", "/webhooks/*", "/healthz", "/readyz", "/health/", "/metrics", "/favicon.ico")

# By the account that the form names in the one field its view reads, and by the address; the views are django-allauth's.
# A form that has no such field is about whoever is signed in: a field sent on top must not choose another counter.
_ABOUT = {
    "account_login": ("login",),
    "account_signup": ("email",),
    "account_reset_password": ("email",),
    "account_reset_password_from_key": (),
    "account_confirm_email": (),
    "account_reauthenticate": (),
    "account_change_password": (),
    "account_set_password": (),
    "account_email": (),
}
ROUTES = {route: (Mark("sign-in", UNSAFE, account=fields),) for route, fields in _ABOUT.items()}
# One set of limits: the library's own count nothing while the cache is down, and wait a second for its lock then.
NO_LIMITS_OF_THE_LIBRARY = False


def limits(secret: str, *, session_cookie: str = "sessionid") -> Policy:
    """The policy of this process, with the rates of the environment."""
    table = [*_general(), *_special()]
    return Policy(
        tiers={tier.name: tier for tier in table},
        store_url=store_url(),
        secret=blake2b(secret.encode(), digest_size=32, person=b"awning-limits").digest(),
        routes=ROUTES,
        exempt=EXEMPT,
        session_cookie=session_cookie,
        processes=number("WEB_WORKERS", 2, least=1),
    )


def store_url() -> str:
    """Where the counters are. Another Redis than the cache's, or another database: they must not be evicted."""
    return redis_url("RATE_LIMIT_REDIS_URL")


def fixed_windows(url: str) -> dict[str, Any]:
    """The cache in which django-ratelimit counts (monitoring.limits.fixed): away, it counts nothing and raises nothing."""
    return {
        "BACKEND": "django_redis.cache.RedisCache",
        "LOCATION": url,
        "KEY_PREFIX": "limit:fixed",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.1, "SOCKET_TIMEOUT": 0.15, "IGNORE_EXCEPTIONS": True},
    }


def _general() -> list[Tier]:
    """What every request counts in."""
    user, address = _concurrent()
    return [
        # Anybody's, before it is known whether a session cookie is one.
        Tier(BURST, _rate("RATE_LIMIT_BURST", text("RATE_LIMIT_BURST", "30/second")), ("address",), scales=True),
        Tier(
            USER,
            _rate("RATE_LIMIT_DEFAULT", text("RATE_LIMIT_DEFAULT", "100/minute;1000/15 minutes")),
            ("user",),
            scales=True,
        ),
        Tier(
            ANONYMOUS,
            _rate("RATE_LIMIT_ANONYMOUS", text("RATE_LIMIT_ANONYMOUS", "60/minute")),
            ("address",),
            scales=True,
        ),
        Tier(PLACES_USER, (Window(user, LEASE_SECONDS),), ("user",), "concurrent"),
        Tier(PLACES_ADDRESS, (Window(address, LEASE_SECONDS),), ("address",), "concurrent"),
    ]


def _special() -> list[Tier]:
    """What some routes count in besides; guarded ones are counted in the process while the store is away."""
    sign_in = _rate("RATE_LIMIT_SIGN_IN", text("RATE_LIMIT_SIGN_IN", "10/minute"))
    checkout = _rate("RATE_LIMIT_CHECKOUT", text("RATE_LIMIT_CHECKOUT", "10/minute"))
    upload = _rate("RATE_LIMIT_UPLOAD", text("RATE_LIMIT_UPLOAD", "5/minute"))
    expensive = _rate("RATE_LIMIT_EXPENSIVE", text("RATE_LIMIT_EXPENSIVE", "10/15 minutes"))
    return [
        Tier("sign-in", sign_in, ("account", "address"), guarded=True, spared=False),
        # E-mails that strangers can make us send to one account, whichever form they use.
        Tier("letter", (Window(5, 900),), ("account",), guarded=True, spared=False),
        Tier("checkout", checkout, ("client",), guarded=True),
        Tier("payout", checkout, ("user",), guarded=True, spared=False),
        Tier("upload", upload, ("client",)),
        Tier("expensive", expensive, ("client",), scales=True),
        # Measurements that pages send by themselves: they must not eat what people may ask for.
        Tier("beacon", (Window(60, 60),), ("address",), "fixed", alone=True),
    ]


def _rate(name: str, written: str) -> tuple[Window, ...]:
    try:
        return parse(written)
    except BadRate as error:
        refuse(name, str(error))
        return (Window(1, 60),)


def _concurrent() -> tuple[int, int]:
    try:
        user, address = parse_concurrent(text("RATE_LIMIT_CONCURRENT", f"{CONCURRENT[0]};{CONCURRENT[1]}"))
    except BadRate as error:
        refuse("RATE_LIMIT_CONCURRENT", str(error))
        return CONCURRENT
    return user, CONCURRENT[1] if address is None else address
