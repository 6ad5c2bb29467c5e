"""The estimate of a secret's strength: what people make up is weak however long, what is random is strong whatever it spells."""

import secrets
import string

import pytest

from config.preflight import SESSION_BITS, TOKEN_BITS
from monitoring.preflight.strength import bits


@pytest.mark.parametrize(
    "made_up",
    [
        "",
        "a" * 64,
        "ab" * 32,
        "abc123" * 10,
        "changeme-changeme-changeme-changeme",
        "Ch4ngeMe_Ch4ngeMe_Ch4ngeMe_Ch4ngeMe",
        "P@ssw0rdP@ssw0rdP@ssw0rdP@ssw0rd",
        "abcdefghijklmnopqrstuvwxyz0123456789",
        "zyxwvutsrqponmlkjihgfedcba9876543210",
        "0123456789" * 5,
        "00000000-0000-0000-0000-000000000000",
        "this-is-my-super-secret-production-key",
        "qwertyuiopasdfghjklzxcvbnm1234567890",
        "test-only-session-secret-0123456789abcdefghijklmnop",
        "django-insecure-" + "x" * 40,
        "example-secret-value-for-testing-please-change",
    ],
)
def test_what_people_make_up_is_weak(made_up: str) -> None:
    assert bits(made_up) < SESSION_BITS


@pytest.mark.parametrize("make", [
    lambda: secrets.token_hex(16), lambda: secrets.token_hex(32).upper(), lambda: secrets.token_urlsafe(32),
    lambda: "".join(secrets.choice(string.ascii_lowercase) for _ in range(32)),
    lambda: "".join(secrets.choice(string.printable[:94]) for _ in range(32)),
    lambda: secrets.token_urlsafe(20) + "test" + secrets.token_urlsafe(10),
    lambda: "changeme" + secrets.token_urlsafe(24),
])  # fmt: skip
def test_what_is_random_is_strong_whatever_it_spells(make: "object") -> None:
    assert callable(make)
    assert min(bits(make()) for _ in range(200)) > SESSION_BITS


def test_a_random_token_is_strong_enough_for_a_token() -> None:
    assert min(bits(secrets.token_urlsafe(16)) for _ in range(200)) > TOKEN_BITS


def test_more_of_the_same_is_not_stronger() -> None:
    once = secrets.token_hex(8)
    assert bits(once * 8) < bits(once) + 30
    assert bits(once + secrets.token_hex(8)) > bits(once) + 30
