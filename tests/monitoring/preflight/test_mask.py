"""What a library says about a connection may hold the whole URL: nothing of it leaves."""

import json
from urllib.parse import quote

import pytest

from monitoring.preflight import mask


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    found: list[str] = []
    monkeypatch.setattr(mask, "_sources", [lambda: found])
    return found


@pytest.mark.parametrize(
    "secret", ["s3cr3t-value", "with space", "a/b?c#d", "quote'\"", "ünïcode", "new\nline", "per%cent", "back\\slash"]
)
def test_every_spelling_of_a_secret_is_hidden(secrets: list[str], secret: str) -> None:
    secrets.append(secret)
    for spelling in (secret, quote(secret), quote(secret, safe=""), repr(secret)[1:-1]):
        assert mask.masked(f"before {spelling} after") == "before … after"


@pytest.mark.parametrize("password", ["pw-c4n4ry", "p/c4n4ry#x?y", "a:b@c4n4ry", "c4n4ry%2Fq"])
@pytest.mark.parametrize("scheme", ["postgres", "redis", "s3", "https"])
def test_the_password_of_an_address_is_hidden_also_alone(secrets: list[str], scheme: str, password: str) -> None:
    secrets.append(f"{scheme}://person:{password}@host:1/x")
    said = mask.masked(f"cannot reach {scheme}://person:{password}@host:1/x with {password!r}")
    assert "c4n4ry" not in said


def test_a_database_users_name_is_no_secret_and_an_error_trackers_is(secrets: list[str]) -> None:
    secrets += ["postgres://awning@host/db", "https://0123abcd@sentry.example/1"]
    assert "awning" in mask.masked("role awning may not")
    assert "0123abcd" not in mask.masked("key 0123abcd")


def test_what_looks_like_a_secret_is_hidden_though_nobody_registered_it(secrets: list[str]) -> None:
    for text in (
        "sk_live_abc123",
        "rk_test_abc123",
        "whsec_abc",
        "xkeysib-abc",
        "redis://:abc123@h",
        "postgres://u:abc123@h",
    ):
        assert "abc" not in mask.masked(f"x {text} y"), text


def test_errors_are_told_by_kind_and_first_line(secrets: list[str]) -> None:
    secrets.append("c4n4ry")
    assert mask.said_by(ValueError("bad c4n4ry\nsecond line")) == "ValueError: bad …"
    assert mask.said_by(TimeoutError()) == "TimeoutError"
    assert len(mask.said_by(ValueError("x" * 1000))) <= 300


def test_the_mask_survives_json(secrets: list[str]) -> None:
    secrets.append('c4n"4ry')
    assert "4ry" not in json.dumps(mask.masked('it was c4n"4ry'))
