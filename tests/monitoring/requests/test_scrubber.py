"""What is masked, what is left alone, and that neither takes long."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from time import thread_time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitoring.requests import scrubber
from monitoring.requests.masks import MASK
from monitoring.requests.scrubber import LIMIT, REMOVED, scrub_fields, scrub_text

MASKED = [
    ("password=hunter2", "password=[masked]"),
    ("{'new_password1': ['hunter 2'], 'x': 1}", "{'new_password1': [[masked]"),
    ('{\\"password\\": \\"hunter2\\"}', "[masked]"),
    ("?token=abc&page=2", "?token=[masked]&page=2"),
    ("next=%2Forders%2F%3Ftoken%3Dabc", "%3D[masked]"),
    ('"api_key": "abc", "page": 2', '"api_key": [masked], "page": 2'),
    ("('csrfmiddlewaretoken', 'abc')", "('csrfmiddlewaretoken', [masked])"),
    ("Cookie: a=b; c=d", "Cookie: [masked]"),
    ("'Set-Cookie': 'a=b', 'Accept': '*'", "'Set-Cookie': [masked]"),
    ("Authorization: Bearer abc.def", "Authorization: [masked]"),
    ("got Bearer abcdef", "got Bearer [masked]"),
    ("pi_1_secret_abcdefgh", "pi_1[masked]"),
    ("rk_live_abcdef pk_live_abcdef sk_test_abcdef", "[masked] [masked] [masked]"),
    ("postgres://awning:p@ss:w0rd@db:5432/awning", "postgres://[masked]@db:5432/awning"),
    ("https://key@reports.example/1", "https://[masked]@reports.example/1"),
    ("to mira.holt+x@example.co.uk.", "to [masked]."),
    ("to mira%40example.test now", "to [masked] now"),
    ('to "odd name"@example.test', "to [masked]"),
    ("Key (email)=(mira@example.test) exists", "Key (email)=([masked]) exists"),
    ("x\nDETAIL:  Failing row contains (1,\nMira).\nCONTEXT: y", "x\nDETAIL: [masked]\nCONTEXT: y"),
    ("/account/password/reset/key/1a-b2c3/", "/account/password/reset/key/[masked]/"),
    ("/account/confirm-email/Mw:1abcde:sig/", "/account/confirm-email/[masked]/"),
    ("4242424242424242", "[masked]"),
    ("4242-4242-4242-4242", "[masked]"),
    ("q=4242+4242+4242+4242", "q=[masked]"),
    ("card.4242424242424242", "card.[masked]"),
    ("0d2f9b1e-7c3a-4242-8424-2424242424242", "0d2f9b1e-7c3a-[masked]"),
    ("1764000000 4242 4242 4242 4242", "[masked]"),
    ("DE89 3704 0044 0532 0130 00", "[masked]"),
    ("x -----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE KEY----- y", "x [masked] y"),
    ("got eyJhbGci.eyJzdWIi.c2ln back", "got [masked] back"),
    ("link Mw:1abcde:5m8Q2w1E3r4T5y6U7i8O9p0A1sD is old", "link [masked] is old"),
    ("session q7w8e9r0t1y2u3i4o5p6a7s8d9f0g1h2 is gone", "session [masked] is gone"),
    ("Zt7-c2x4b6n8m0Q1w2E3r4T5y6U7i8O9-p0A_sDfGh", "[masked]"),
    ("gb82west12345698765432", "[masked]"),
    ("$x argon2$argon2id$v=19$m=102400,t=2$abc", "$x [masked],t=2$abc"),
]
LEFT = [
    "sweep.failed",
    "task core.prune[4f7f3c1e-1b1a-4b7e-9f8e-0a1b2c3d4e5f] succeeded in 0.0123456789012345s: None",
    # A card number stands in each of these, by chance.
    "Task errors.store[0d2f9b1e-7c3a-4242-8424-242424242424] received",
    "succeeded in 0.4242424242424242s",
    "took 12.4242424242424242 s",
    "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
    "2026-11-22T10:10:05.123456+00:00",
    "celery@web-1 ready",
    "GET /p/blue-vase/ took 12 ms",
    "http://127.0.0.1:8000/search/?q=vase&page=2",
    '  File "/srv/awning/payments/settlement.py", line 1234567890, in settle_with_a_name_that_is_long',
    "TypeError: f() got an unexpected keyword argument 'x'",
    "1764000000000 ms",
    "1111111111111117 1000000000000008",
    "Price 1 234 567,89 EUR for order AW-2026-000123",
    "checkout/payment/<str:number>/hosted/",
]


@pytest.mark.parametrize(("text", "masked"), MASKED)
def test_secrets_are_masked(text: str, masked: str) -> None:
    assert masked in scrub_text(text)
    assert "hunter" not in scrub_text(text)


@pytest.mark.parametrize("text", LEFT)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert scrub_text(text) == text


@pytest.mark.parametrize(
    "piece",
    [
        "a", "1", "1 ", "eyJ",  "eyJaaaa.", "token", "token=", "token=[", "password=", "key='\\",
        "'", '"', "\\", "@", "a@", "a.", "a@a.",
        "://", "://a", "%40", "DETAIL:", "DETAIL:\n", "-----BEGIN RSA PRIVATE KEY-----", "DE89 ",
        "DE", "aB1", "Z9-", "a:b", "x:aaaaaa:",
        "bearer ", "LINE 1: ", "but got ", "invalid literal for ",
        "cookie=", "/reset/key/", "pbkdf2_", "$", "_secret_", "sk_live_", "\n", " ", "4", "42 ", "%20", "\u0130",
    ],
)  # fmt: skip
def test_no_text_takes_long(piece: str) -> None:
    """Eight times the text takes about eight times as long: a quadratic pattern would take 64 times."""
    text = piece * (64_000 // len(piece))

    def milliseconds(length: int) -> float:
        times = []
        for _ in range(3):
            begin = thread_time()
            scrubber._masked(text[:length])
            times.append(thread_time() - begin)
        return min(times) * 1000

    short, long = milliseconds(8_000), milliseconds(64_000)
    assert long < max(25 * short, 40)


@pytest.mark.parametrize("piece", ["3", "31", "3 ", "3%20"])
def test_a_long_run_of_digits_is_no_burden(piece: str) -> None:
    """Looked through one candidate after the other, the longest text of a line took a third of a second."""
    text = piece * (LIMIT // len(piece))
    times = []
    for _ in range(3):
        begin = thread_time()
        assert scrubber._masked(text) == text
        times.append(thread_time() - begin)
    assert min(times) < 0.1


def test_a_long_text_keeps_both_ends_and_no_half_of_a_secret() -> None:
    secret = "sk_live_" + "a1B2" * 20
    for offset in range(0, 200, 7):
        text = "b " * ((LIMIT // 2 - offset) // 2) + secret + " c" * LIMIT
        assert "a1B2" not in scrub_text(text)
        assert "a1B2" not in scrub_text(text[::-1].replace(secret[::-1], secret))
    scrubbed = scrub_text("begin " + "x " * 50_000 + "end")
    assert scrubbed.startswith("begin")
    assert scrubbed.endswith("end")
    assert len(scrubbed) <= LIMIT + 50


@given(st.text(max_size=300))
def test_any_text_can_be_scrubbed_and_twice_changes_nothing(text: str) -> None:
    once = scrub_text(text)
    assert scrub_text(once) == once


def test_known_fields_keep_their_value_and_others_their_name() -> None:
    given_fields: dict[str, object] = {
        "payment_id": "p-1",
        "status": 200,
        "duration_ms": 1.5,
        "given_up": True,
        "user_id": None,
        "email": "mira@example.test",
        "Authorization": "x",
        "with blanks": 1,
        "mira@example.test": 1,
    }
    assert scrub_fields(given_fields) == {
        "payment_id": "p-1",
        "status": 200,
        "duration_ms": 1.5,
        "given_up": True,
        "user_id": None,
        "email": REMOVED,
        "Authorization": REMOVED,
        "[unknown]": REMOVED,
    }


def test_values_become_plain_and_masked() -> None:
    class Person:
        def __repr__(self) -> str:
            raise AssertionError("nobody asked")

    class Text(str):
        def __str__(self) -> str:
            return "password=hunter2"

    fields = scrub_fields(
        {
            "error": ValueError("password=hunter2"),
            "reason": b"password=hunter2",
            "row": Person(),
            "rows": ["password=hunter2", ("password=hunter2", {"surprise": 1})],
            "count": 4242424242424242,
            "size": 4242424242424242.0,
            "rate": float("nan"),
            "value": Decimal("1.50"),
            "window": timedelta(seconds=1),
            "event_id": UUID(int=1),
            "figures": {"pool": 3, "surprise": 4},
            "text": 1,
            "kind": Person,
            "problem": Text("x"),
            "line": datetime(2026, 11, 22, tzinfo=UTC),
        }
    )
    assert fields == {
        "error": "ValueError: password=[masked]",
        "reason": "password=[masked]",
        "row": "<Person>",
        "rows": ["password=[masked]", ["password=[masked]", {"surprise": REMOVED}]],
        "count": "[masked]",
        "size": "[masked].0",
        "rate": "nan",
        "value": "1.50",
        "window": "0:00:01",
        "event_id": "00000000-0000-0000-0000-000000000001",
        "figures": {"pool": 3, "surprise": REMOVED},
        "text": REMOVED,
        "kind": "Person",
        "problem": "password=[masked]",
        "line": "2026-11-22 00:00:00+00:00",
    }


def test_what_never_ends_is_cut() -> None:
    loop: dict[str, object] = {}
    loop["error"] = loop
    assert repr(scrub_fields(loop)).count("error") < 10
    assert len(scrub_fields({f"n{'x' * number}": 1 for number in range(500)})) <= 41
    rows = scrub_fields({"rows": list(range(10_000))})["rows"]
    assert isinstance(rows, list)
    assert len(rows) == 40


def test_short_values_are_not_learned(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubber, "_lessons", scrubber._Lessons())
    scrubber.learn("abc", "")
    assert scrubber._lessons.secrets == ()
    scrubber.learn("long enough & more")
    scrubber._remembered.cache_clear()
    assert scrub_text("at long+enough+%26+more!") == "at [masked]!"


def test_a_name_can_be_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scrubber, "_lessons", scrubber._Lessons())
    scrubber.allow("shade")
    assert scrub_fields({"shade": "blue"}) == {"shade": "blue"}


def test_the_mask_is_no_secret() -> None:
    assert re.fullmatch(r"\[\w+\]", scrub_text(MASK))
