"""CORS: each origin that no browser would send, or that should not be believed, stops the start and is named."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path

from config import cors as module
from config.cors import cors, why_not
from config.env import Environment

PROJECT = Path(__file__).resolve().parents[2]
APP = "https://app.hall.example"


@pytest.mark.parametrize(
    ("origin", "reason"),
    [
        ("", "is empty"),
        ("*", "every site"),
        ("null", "sandboxed"),
        ("https://*.hall.example", "wildcard"),
        ("https://app.*", "wildcard"),
        ("app.hall.example", "lacks https"),
        ("//app.hall.example", "lacks https"),
        ("https:app.hall.example", "lacks https"),
        ("https://app.hall.example/", "no slash"),
        ("https://app.hall.example/path", "no path"),
        ("https://app.hall.example?x=1", "scheme, host and port"),
        ("https://app.hall.example#x", "scheme, host and port"),
        ("https://user@app.hall.example", "names a user"),
        ("https://user:secret@app.hall.example", "names a user"),
        ("HTTPS://app.hall.example", "lower case"),
        ("https://App.hall.example", "lower case"),
        ("https://app.hall.example:443", "leave out"),
        ("http://localhost:80", "leave out"),
        ("https://app.hall.example:0", "scheme, host and port"),
        ("https://app.hall.example:65536", "no such port"),
        ("https://app.hall.example:", "scheme, host and port"),
        ("https://app hall.example", "scheme, host and port"),
        ("https://app.hall.example\n", "scheme, host and port"),
        ("https://äpp.example", "scheme, host and port"),
        ("https://app_1.example", "scheme, host and port"),
        ("https://-app.example", "no host name"),
        ("https://app..example", "no host name"),
        ("https://app.example.", "no host name"),
        ("https://" + "a" * 64 + ".example", "no host name"),
        ("https://1.2.3", "no host name"),
        ("https://300.1.1.1", "no host name"),
        ("https://[::g]", "scheme, host and port"),
        ("https://[0:0:0:0:0:0:0:1]", "no host name"),
        ("https://::1", "scheme, host and port"),
        ("ftp://app.hall.example", "scheme, host and port"),
        ("file://", "scheme, host and port"),
        ("chrome-extension://abc", "scheme, host and port"),
        ("http://app.hall.example", "plain http"),
        ("http://localhost:3000", "plain http"),
    ],
)
def test_what_is_no_origin_is_refused(origin: str, reason: str) -> None:
    assert reason in why_not(origin, production=True)


@pytest.mark.parametrize(
    "origin", [APP, "https://app.hall.example:8443", "https://localhost", "https://10.0.0.1:8443", "https://[::1]:8443", "https://xn--bcher-kva.example"]
)  # fmt: skip
def test_what_a_browser_sends_is_accepted(origin: str) -> None:
    assert not why_not(origin, production=True)


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:5173", "http://[::1]:3000"])
def test_plain_http_is_for_loopback_while_developing(origin: str) -> None:
    assert not why_not(origin, production=False)
    assert why_not("http://app.hall.example", production=False)


def settings_for(value: str | None, monkeypatch: pytest.MonkeyPatch) -> tuple[dict[str, object], str]:
    """The settings that this value leads to, and what is said against it."""
    seen = Environment({} if value is None else {"CORS_ALLOWED_ORIGINS": value})
    monkeypatch.setattr(module, "raw", seen.raw)
    monkeypatch.setattr(module, "refuse", seen.refuse)
    origins, paths = cors(production=True)
    found: dict[str, object] = {"CORS_ALLOWED_ORIGINS": origins, "CORS_URLS_REGEX": paths}
    return found, "".join(problem.text for problem in seen.problems())


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (f"{APP},", "''"),
        (f"{APP},,https://b.example", "''"),
        (f"{APP},{APP}", "twice"),
        (f"{APP},https://APP.hall.example", "https://APP.hall.example"),
        (f"{APP} https://b.example", "https://app.hall.example https:"),
        (f"{APP};https://b.example", "scheme, host and port"),
        (f"{APP},*", "'*'"),
        ("https://u:pw-c4n4ry@evil.example/t0k-c4n4ry?q=c4n4ry", "https://…@evil.example/…"),
    ],
)
def test_nothing_is_dropped_in_silence(value: str, named: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found, text = settings_for(value, monkeypatch)
    assert named in text
    assert "c4n4ry" not in text
    assert found["CORS_ALLOWED_ORIGINS"] == []


def test_every_bad_origin_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    _, text = settings_for(f"https://a.example/,{APP},http://b.example,null", monkeypatch)
    assert all(named in text for named in ("a.example", "http://b.example", "'null'"))
    assert APP not in text.replace("https://app.hall.example, separated", "")


def test_without_origins_no_path_has_cors(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, "", "  "):
        found, text = settings_for(value, monkeypatch)
        assert not text
        assert found["CORS_ALLOWED_ORIGINS"] == []
        with override_settings(**found, ROOT_URLCONF=__name__):
            answer = Client().get("/api/v1/things/", headers={"Origin": APP})
            asked = preflight("/api/v1/things/", APP)
        for response in (answer, asked):
            assert not [name for name in response.headers if name.lower().startswith("access-control")]
            assert "origin" not in response.headers.get("Vary", "").lower()


def answer(request: object) -> HttpResponse:
    return HttpResponse("[]", content_type="application/json")


urlpatterns = [path("api/v1/things/", answer), path("things/", answer), path("xapi/v1/", answer)]


def preflight(address: str, origin: str) -> HttpResponse:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    response: HttpResponse = Client().options(address, headers=headers)  # type: ignore[assignment]
    return response


@pytest.fixture
def with_origin(monkeypatch: pytest.MonkeyPatch) -> "override_settings":
    found, _ = settings_for(APP, monkeypatch)
    return override_settings(**found, ROOT_URLCONF=__name__)


def test_a_listed_origin_may_call_the_api_and_nothing_else(with_origin: override_settings) -> None:
    with with_origin:
        listed = Client().get("/api/v1/things/", headers={"Origin": APP})
        stranger = Client().get("/api/v1/things/", headers={"Origin": "https://evil.example"})
        nobody = Client().get("/api/v1/things/")
        page = Client().get("/things/", headers={"Origin": APP})
        beside = Client().get("/xapi/v1/", headers={"Origin": APP})
    assert listed.headers["Access-Control-Allow-Origin"] == APP
    assert "Access-Control-Allow-Credentials" not in listed.headers
    for response in (stranger, nobody, page, beside):
        assert "Access-Control-Allow-Origin" not in response.headers
    # A cache must not give one origin's answer to another, nor the answer without an origin to one with it.
    for response in (listed, stranger, nobody):
        assert "origin" in response.headers["Vary"].lower()
    for response in (page, beside):
        assert "origin" not in response.headers.get("Vary", "").lower()


@pytest.mark.parametrize(
    "origin",
    ["null", f"{APP}.evil.example", f"https://evil.example/{APP}", "http://app.hall.example", f"{APP}:8443"],
)  # fmt: skip
def test_near_misses_are_strangers(with_origin: override_settings, origin: str) -> None:
    with with_origin:
        assert "Access-Control-Allow-Origin" not in preflight("/api/v1/things/", origin).headers


def test_a_preflight_is_answered_before_anything_may_refuse_it(with_origin: override_settings) -> None:
    with with_origin:
        for _ in range(150):
            response = preflight("/api/v1/things/", APP)
            assert response.status_code == 200
        assert response.headers["Access-Control-Allow-Origin"] == APP
        assert "authorization" in response.headers["Access-Control-Allow-Headers"]
        assert "POST" in response.headers["Access-Control-Allow-Methods"]
        assert response.headers["Access-Control-Max-Age"] == "600"


def test_the_start_is_refused_by_name() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "import config.settings"],
        cwd=PROJECT,
        env={
            "PATH": "/usr/bin:/bin",
            "SITE_URL": "https://hall.example",
            "CORS_ALLOWED_ORIGINS": "http://app.hall.example",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "CORS_ALLOWED_ORIGINS: 'http://app.hall.example' is plain http" in done.stderr
