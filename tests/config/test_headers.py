"""Nonces where inline code is needed, and never in bytes that somebody keeps; what the payment page may load and use."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from csp.constants import HEADER
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path
from pytest_django.live_server_helper import LiveServer

from config.headers import content_security_policy, payment_origins, permissions_policy
from tests.config.inline_code import inline_code
from tests.servers import chromium_path

STRIPE = payment_origins("https://api.stripe.com")


def with_nonce(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse(f'<script nonce="{request.csp_nonce}">1</script>')  # type: ignore[attr-defined]
    answer["Cache-Control"] = "public, max-age=600"
    return answer


def plain(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse("<p>plain</p>")
    answer["Cache-Control"] = "public, max-age=600"
    return answer


def own_words(request: HttpRequest) -> HttpResponse:
    answer = HttpResponse("{}")
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Referrer-Policy"] = "no-referrer"
    return answer


urlpatterns = [path("nonce/", with_nonce), path("plain/", plain), path("own/", own_words)]


@pytest.mark.urls(__name__)
def test_a_page_that_needs_inline_code_gets_a_nonce_of_its_own() -> None:
    first, second = Client().get("/nonce/"), Client().get("/nonce/")
    nonces = [re.findall(r"'nonce-([^']+)'", answer.headers[HEADER])[0] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    assert all(len(nonce) >= 22 for nonce in nonces)
    for answer in (first, second):
        assert not inline_code(answer.content.decode(), answer.headers[HEADER])


@pytest.mark.urls(__name__)
def test_bytes_with_a_nonce_are_kept_by_nobody_whatever_the_view_says() -> None:
    assert Client().get("/nonce/").headers["Cache-Control"] == "private, no-store"
    plain_page = Client().get("/plain/")
    assert plain_page.headers["Cache-Control"] == "public, max-age=600"
    assert "nonce" not in plain_page.headers[HEADER]


@pytest.mark.urls(__name__)
def test_an_answers_own_word_counts() -> None:
    answer = Client().get("/own/")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer.headers["Referrer-Policy"] == "no-referrer"


def test_nothing_inline_or_evaluated_is_ever_allowed() -> None:
    for payment in (STRIPE, payment_origins("http://127.0.0.1:9000")):
        directives = content_security_policy(payment, pictures=["https://media.hall.example"])["DIRECTIVES"]
        flat = {name: [str(source) for source in sources] for name, sources in directives.items()}
        assert not [
            source for sources in flat.values() for source in sources if "unsafe" in source or source in ("*", "https:")
        ]
        assert flat["default-src"] == flat["base-uri"] == flat["frame-ancestors"] == ["'none'"]
        assert "https://media.hall.example" in flat["img-src"]


def test_stripe_is_allowed_exactly_what_it_documents() -> None:
    directives = content_security_policy(STRIPE, pictures=[])["DIRECTIVES"]
    assert [source for source in directives["script-src"] if "stripe" in str(source)] == [
        "https://js.stripe.com",
        "https://*.js.stripe.com",
    ]
    assert "https://hooks.stripe.com" in directives["frame-src"]
    assert "https://api.stripe.com" in directives["connect-src"]
    assert "https://checkout.stripe.com" in directives["form-action"]
    assert "127.0.0.1" not in str(directives)
    # A host that only looks like Stripe's is a stand-in, and gets nothing of Stripe's.
    assert payment_origins("https://api.stripe.com.evil.example").scripts == ("https://api.stripe.com.evil.example",)


def test_the_payment_sheet_is_for_us_and_the_provider_alone() -> None:
    policy = permissions_policy(STRIPE)
    assert 'payment=(self "https://js.stripe.com" "https://hooks.stripe.com")' in policy
    assert all(f"{feature}=()" in policy for feature in ("camera", "microphone", "geolocation", "usb"))


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<script>1</script>", 1), ("<style>a{}</style>", 1), ('<p style="x">', 1), ("<a onclick='x'>", 1),
        ("<a href=' JavaScript:x'>", 1), ('<form action="javascript:x">', 1), ('<script nonce="other">1</script>', 1),
        ('<script nonce="">1</script>', 1), ('<script nonce="abc">1</script>', 0), ('<script src="/x.js"></script>', 0),
        ('<script type="application/ld+json">{}</script>', 0), ('<style nonce="abc">a{}</style>', 0), ("<p class='x'>", 0),
    ],
)  # fmt: skip
def test_the_search_for_inline_code_finds_it(html: str, found: int) -> None:
    assert len(inline_code(html, "script-src 'nonce-abc'")) == found


def test_a_debug_page_keeps_its_inline_styles() -> None:
    with override_settings(DEBUG=True, ROOT_URLCONF=__name__):
        assert HEADER not in Client().get("/nope/").headers


def test_a_browser_knows_every_feature_that_is_denied(live_server: LiveServer, db: None, tmp_path: Path) -> None:
    """A feature with a typing error would be allowed in silence: the browser says so in its console."""
    log = tmp_path / "log"
    subprocess.run(
        [
            chromium_path(), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
            "--enable-logging", "--v=0", f"--log-file={log}", "--dump-dom", f"{live_server.url}/help/",
        ],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    assert settings.PERMISSIONS_POLICY
    said = [line for line in log.read_text(errors="replace").splitlines() if "CONSOLE" in line]
    assert not [line for line in said if "ermissions" in line], said
    shutil.rmtree(tmp_path / "profile", ignore_errors=True)
