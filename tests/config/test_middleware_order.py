"""The order of the middleware: each place has its reason, and the reasons that can be seen from outside are tested."""

import pytest
from django.conf import settings
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.utils.module_loading import import_string
from pytest_django import Settings

from monitoring.requests.drain import State
from monitoring.requests.shutdown import enter

# Outermost first: (middleware, why it stands exactly here).
ORDER = [
    ("monitoring.requests.middleware.identify", "every answer and every log line below carries the id"),
    ("monitoring.requests.shutdown.guard", "a stopping process refuses before anything reads a body"),
    ("config.headers.site_headers", "refusals, redirects and files carry the headers too"),
    ("monitoring.health.probes.probes", "a probe knows no host name, no https and no session"),
    ("monitoring.requests.origin.middleware", "errors and slow queries of all below name their page"),
    ("monitoring.metrics.middleware.timing", "counts what is refused below, but no probes"),
    ("django.middleware.security.SecurityMiddleware", "sends http to https before anything is answered over it"),
    ("whitenoise.middleware.WhiteNoiseMiddleware", "files cost no limit, no session and no nonce"),
    ("corsheaders.middleware.CorsMiddleware", "another origin's browser may read why it is refused below"),
    ("csp.middleware.CSPMiddleware", "every page below has the policy"),
    ("monitoring.ops.status_page.middleware", "says how the hall is without the stores that sessions and limits need"),
    ("config.own_writes.middleware", "knows what every read below may be answered from, and notices every write"),
    ("config.middleware.bounded_body", "no form is read, and no file of it written, that is larger than any we take"),
    ("config.middleware.personal_pages", "outside of sessions, which note in Vary that they were read"),
    ("config.middleware.plain_session_key", "sessions never see a key that no session can have"),
    ("marketplace.sessions.middleware.SessionMiddleware", "whom the rest below reads"),
    ("django.middleware.common.CommonMiddleware", "refuses host names that are not ours"),
    ("django.middleware.csrf.CsrfViewMiddleware", "needs the cookie; reads the body only beside the view"),
    ("django.contrib.auth.middleware.AuthenticationMiddleware", "needs the session"),
    ("monitoring.limits.middleware.limits", "knows the user; refuses before a view reads a body"),
    ("django.contrib.messages.middleware.MessageMiddleware", "needs the session"),
    ("django.middleware.clickjacking.XFrameOptionsMiddleware", "every page"),
    ("allauth.account.middleware.AccountMiddleware", "needs the user and messages"),
    ("django_htmx.middleware.HtmxMiddleware", "asked by views alone"),
    ("marketplace.storefront.cart_count.middleware", "knows the user, and what the view has counted"),
]


class Unreadable:
    """A body that must not be looked at."""

    def read(self, *args: object) -> bytes:
        raise AssertionError("the body was read")

    readline = read


@pytest.fixture
def client() -> Client:
    return Client(SERVER_NAME="127.0.0.1", raise_request_exception=False)


def test_the_order_is_the_one_that_was_decided() -> None:
    assert list(settings.MIDDLEWARE) == [name for name, _ in ORDER]
    assert all(why for _, why in ORDER)


def test_a_stopping_process_answers_before_anything_behind_it_runs_or_reads(rf: RequestFactory) -> None:
    def never(request: HttpRequest) -> None:
        raise AssertionError("the request went on")

    first, second = (import_string(name) for name, _ in ORDER[:2])
    request = rf.post("/checkout/", {"number": "1"})
    request._stream = Unreadable()  # type: ignore[assignment]
    enter(State.REFUSING)
    try:
        answer = first(second(never))(request)
    finally:
        enter(State.OPEN)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "30"
    assert answer["X-Request-ID"]


def test_a_probe_needs_no_known_host_and_no_https(client: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/healthz", SERVER_NAME="10.0.0.7")
    assert answer.status_code == 200
    assert "Vary" not in answer.headers
    assert client.get("/", SERVER_NAME="127.0.0.1").status_code == 301


@pytest.mark.parametrize("how", ["refused host", "file", "stopping", "redirect to https", "nothing there"])
def test_every_answer_has_the_headers(client: Client, settings: Settings, how: str, db: None) -> None:
    if how == "redirect to https":
        settings.SECURE_SSL_REDIRECT = True
    host = "evil.example" if how == "refused host" else "127.0.0.1"
    address = {"file": "/static/market.css", "nothing there": "/nothing/"}.get(how, "/")
    if how == "stopping":
        enter(State.REFUSING)
    try:
        answer = client.get(address, SERVER_NAME=host)
    finally:
        enter(State.OPEN)
    answer.close()
    assert answer["X-Request-ID"]
    if how != "stopping":
        assert answer["X-Content-Type-Options"] == "nosniff"
