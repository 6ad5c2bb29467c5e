"""Secrets that look like what they are, and the errors of the hall that would carry them into a log or a report.

``planted()`` yields (what, secret, act): ``act`` takes a test client and makes the hall fail with the secret in its hands.
Whoever writes something down about failures runs them all and looks for the secrets.
"""

import base64
import logging
import ssl
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import psycopg
import requests
import structlog
from celery import shared_task
from django.contrib.auth.hashers import make_password
from django.db import DataError, IntegrityError, ProgrammingError, connection, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config.urls import urlpatterns as urls_of_the_hall
from marketplace.accounts.models import User
from monitoring.requests.logs import Lines
from payments import gateway
from payments.provider import ProviderRejected

logger = logging.getLogger("tests.canaries")

Act: TypeAlias = Callable[[Client], object]
CARD, IBAN = "4000056655665556", "DE89370400440532013000"
PARTS = {
    "session": "q7w8e9r0t1y2u3i4o5p6a7s8d9f0g1h2",
    "csrf": "aB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xYaB3dE5fG7hJ9kL1mN3pQ5rS7tU9vW1xY",
    "link": "Zt7-c2x4b6n8m0Q1w2E3r4T5y6U7i8O9-p0A_sDfGh",
    "jwt": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJlLW9mLWNhbmFyeQ",
    "stripe": "sk_live_51CanaryCanaryCanary",
    "hook": "whsec_CanaryCanaryCanary01",
    "reset": "1x-cz9k2p-0123456789abcdef0123456789abcdef",
    "value": "c4nary-value",
    "line": "c4nary-line",
    "number": "c4nary-number",
    "password": "correct horse battery canary",
    "email": "canary.person@example.test",
}


def _explode(request: HttpRequest, rest: str) -> HttpResponse:
    """Fails the way careless code does: with everything it was given in its message."""
    raise RuntimeError(
        f"cannot handle {request.get_full_path()} {dict(request.headers)} {request.COOKIES} {request.POST!r} {request.body!r}"
    )


urlpatterns = [path("explode/<path:rest>", _explode), *urls_of_the_hall]


@shared_task(name="tests.careless")
def careless(*args: object, **kwargs: object) -> None:
    """Fails with its arguments in its message."""
    raise RuntimeError(f"careless{args!r}{kwargs!r}")


def _logs(*args: object, **extra: object) -> Act:
    def act(client: Client) -> None:
        logger.error(*args, extra=extra or None)

    return act


def _raises(error: BaseException, *, cause: BaseException | None = None, note: str = "") -> Act:
    def act(client: Client) -> None:
        if note:
            error.add_note(note)
        try:
            raise error from cause
        except type(error):
            logger.exception("canary.failed")

    return act


def _fails(call: Callable[[], object], kind: type[Exception]) -> Act:
    def act(client: Client) -> None:
        try:
            call()
        except kind:
            logger.exception("canary.failed")
        else:
            raise AssertionError("the canary's call was meant to fail")

    return act


def _asks(method: str, address: str, **how: Any) -> Act:
    def act(client: Client) -> object:
        return client.generic(method, address, **how)

    return act


def _cookie(name: str, value: str) -> Act:
    def act(client: Client) -> object:
        client.cookies[name] = value
        try:
            return client.get("/explode/cookies")
        finally:
            del client.cookies[name]

    return act


def _signs_in(client: Client) -> object:
    form = {"login": PARTS["email"], "password": PARTS["password"]}
    client.post("/account/login/", form)
    return client.post("/explode/sign-in", form)


def _twice() -> None:
    with transaction.atomic():
        for _ in range(2):
            User.objects.create_user(email=PARTS["email"], password=PARTS["password"])


def _refused_value() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::integer", [PARTS["value"]])


def _refused_statement() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT nothing_like_it, %s", [PARTS["line"]])


def _refused_by_stripe() -> None:
    import stripe

    def work(client: object) -> None:
        raise stripe.AuthenticationError(f"Invalid API Key provided: {PARTS['stripe']}")

    gateway._call("canary", work)


def _structlog(client: Client) -> None:
    structlog.get_logger("tests.canaries").error(f"bound {PARTS['jwt']}", handed_over=PARTS["jwt"], error=PARTS["jwt"])


def _misfits(client: Client) -> None:
    """A wrong number of arguments. Python's own handlers, pytest's among them, would print them all."""
    record = logger.makeRecord(logger.name, logging.ERROR, "", 0, "only %d", ("token=c4nary-misfit", "two"), None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, Lines):
            handler.handle(record)


class _Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError(PARTS["stripe"])


def planted() -> Iterator[tuple[str, str, Act]]:
    """What is planted where; the secret is the part that must never be seen."""
    basic = base64.b64encode(b"canary:open-sesame").decode()
    dsn = "postgres://awning:c4nary-db-pass@127.0.0.1:1/awning"
    key = "CGcanary0123456789"
    yield "a session cookie", PARTS["session"], _cookie("sessionid", PARTS["session"])
    yield "a CSRF cookie", PARTS["csrf"], _cookie("csrftoken", PARTS["csrf"])
    yield "a cookie of somebody else", "plain-canary-cookie", _cookie("other", "plain-canary-cookie")
    yield "a bearer token", "c4nary-bearer", _asks("GET", "/explode/a", HTTP_AUTHORIZATION="Bearer c4nary-bearer")
    yield "a basic sign-in", basic, _asks("GET", "/explode/b", HTTP_AUTHORIZATION=f"Basic {basic}")
    yield (
        "another scheme",
        "c4nary-sig",
        _asks("GET", "/explode/c", HTTP_AUTHORIZATION="AWS4 Credential=a/b, Signature=c4nary-sig"),
    )
    yield "an API key's header", "c4nary-header", _asks("GET", "/explode/d", HTTP_X_API_KEY="c4nary-header")
    yield "the password of a sign-in", "horse battery canary", _signs_in
    yield "the address of a sign-in", PARTS["email"], _signs_in
    yield "a link to reset a password", PARTS["reset"], _asks("GET", f"/account/password/reset/key/{PARTS['reset']}/")
    yield "such a link, failing", PARTS["reset"], _asks("GET", f"/explode/account/password/reset/key/{PARTS['reset']}/")
    yield "a receipt's link", PARTS["link"], _asks("GET", f"/orders/AW-CANARY/?token={PARTS['link']}")
    yield "a receipt's link, failing", PARTS["link"], _asks("GET", f"/explode/orders/AW-CANARY/?token={PARTS['link']}")
    yield "a card number in a form", CARD, _asks("POST", "/explode/pay", data=f"q={CARD}", content_type="text/plain")
    yield "a card number with blanks", "4000 0566 5566 5556", _logs("no match for 4000 0566 5566 5556 here")
    yield "a card number as a number", CARD, _logs("canary", count=int(CARD))
    yield "an IBAN", IBAN, _logs(f"cannot pay {IBAN} out", error="DE89 3704 0044 0532 0130 00")
    yield (
        "a password in JSON",
        "c4nary-json",
        _asks("POST", "/explode/j", data='{"password": "c4nary-json \\" x"}', content_type="text/plain"),
    )
    yield "a refused key of the provider", PARTS["stripe"], _fails(_refused_by_stripe, ProviderRejected)
    yield "the secret of webhooks", PARTS["hook"], _logs(f"cannot verify with {PARTS['hook']}")
    yield "an address the database knows", PARTS["email"], _fails(_twice, IntegrityError)
    yield (
        "a password's hash",
        "c4narysalt",
        _logs(f"row {make_password('x', salt='c4narysalt', hasher='pbkdf2_sha256')}"),
    )
    yield (
        "the database's password",
        "c4nary-db-pass",
        _fails(lambda: psycopg.connect(dsn, connect_timeout=1), psycopg.OperationalError),
    )
    yield "the same in an address", "c4nary-db-pass", _raises(OSError(f"cannot reach {dsn}"), cause=OSError(dsn))
    yield (
        "the key of an outgoing call",
        key,
        _fails(
            lambda: requests.get(f"http://127.0.0.1:1/price?x_cg_demo_api_key={key}", timeout=1),
            requests.ConnectionError,
        ),
    )
    yield (
        "a task's argument",
        PARTS["link"],
        lambda client: careless.apply(args=(PARTS["link"],), kwargs={"password": "x"}),
    )
    yield "a task's named argument", "c4nary-kwarg", lambda client: careless.apply(kwargs={"token": "c4nary-kwarg"})
    yield "the cause of a cause", PARTS["jwt"], _raises(ValueError("outer"), cause=KeyError(PARTS["jwt"]))
    yield "an error's note", PARTS["jwt"], _raises(ValueError("noted"), note=f"token was {PARTS['jwt']}")
    yield "a group of errors", PARTS["stripe"], _raises(ExceptionGroup("several", [ValueError(PARTS["stripe"])]))
    yield "an error that cannot speak", PARTS["stripe"], _raises(_Unspeakable())
    yield "an f-string", "c4nary-f", _logs(f"signing in with password={'c4nary-f'!r}")
    yield "an argument of the text", PARTS["link"], _logs("using %s for %s", PARTS["link"], "somebody")
    yield "arguments that do not fit", "c4nary-misfit", _misfits
    yield "a field nobody knows", "c4nary-unknown", _logs("canary", surprise="c4nary-unknown")
    yield "a nested field", "c4nary-nested", _logs("canary", error={"surprise": {"deeper": ["c4nary-nested"]}})
    yield "the name of a field", PARTS["session"], _logs("canary", error={PARTS["session"]: 1})
    yield "bytes", "c4nary-bytes", _logs("canary", error=b"password=c4nary-bytes", surprise=b"c4nary-bytes")
    yield (
        "an object",
        "c4nary-object",
        _logs("canary", error=type("C", (), {"__repr__": lambda self: "c4nary-object"})()),
    )
    yield (
        "a private key",
        "MIIcanary",
        _logs("-----BEGIN RSA PRIVATE KEY-----\nMIIcanary\nMIIcanary2\n-----END RSA PRIVATE KEY-----"),
    )
    yield "a value that the database refused", PARTS["value"], _fails(_refused_value, DataError)
    yield "a statement that it could not read", PARTS["line"], _fails(_refused_statement, ProgrammingError)
    yield "a value that is no number", PARTS["number"], _fails(lambda: int(PARTS["number"]), ValueError)
    yield "a key that is no key", PARTS["number"], _fails(lambda: User.objects.get(pk=PARTS["number"]), ValueError)
    yield "a card number as a fraction", CARD, _logs("canary", value=float(CARD))
    yield "structlog", PARTS["jwt"], _structlog
    yield "a long text", "c4nary-long", _logs("x" * 40_000 + " token=c4nary-long " + "y" * 40_000)
    yield "at the cut of a long text", PARTS["link"][:20], _logs("x" * (8_000 - 10) + PARTS["link"] * 3 + "y" * 40_000)
    yield "a certificate's error", PARTS["stripe"], _raises(ssl.SSLError(f"bad key {PARTS['stripe']}"))
