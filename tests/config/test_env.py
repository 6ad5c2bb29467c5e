"""The environment is read to its end, and whoever set it is told everything at once, without a secret."""

import subprocess
import sys
from pathlib import Path

import pytest

from config.env import BadEnvironment, Environment

PROJECT = Path(__file__).resolve().parents[2]
CANARY = "c4n4ry-7f0e9d"


def read(environ: dict[str, str], reader: str, *args: object, **kwargs: object) -> tuple[object, str]:
    """The value that the reader hands out for X, and what it has against X."""
    seen = Environment(environ)
    value = getattr(seen, reader)("X", *args, **kwargs)
    return value, "".join(problem.text for problem in seen.problems())


@pytest.mark.parametrize(
    ("reader", "args", "raw", "stand_in", "reason"),
    [
        ("text", (), None, "", "is not set"),
        ("text", (), "", "", "is not set"),
        ("flag", (True,), f"ture{CANARY}", True, "neither true nor false"),
        ("number", (7,), f"7{CANARY}", 7, "not a whole number"),
        ("number", (7,), "-1", 7, "too small"),
        ("number", (7,), "1e3", 7, "not a whole number"),
        ("seconds", (1.5,), CANARY, 1.5, "positive number of seconds"),
        ("seconds", (1.5,), "0", 1.5, "positive number of seconds"),
        ("seconds", (1.5,), "nan", 1.5, "positive number of seconds"),
        ("seconds", (1.5,), "inf", 1.5, "positive number of seconds"),
        ("networks", (), f"10.0.0.0/8,{CANARY}", None, "entry 2 is not a network"),
        ("networks", (), "10.0.0.1/8", None, "entry 1 is not a network"),
    ],
)
def test_a_bad_value_is_noted_and_replaced(
    reader: str, args: tuple[object, ...], raw: str | None, stand_in: object, reason: str
) -> None:
    value, text = read({} if raw is None else {"X": raw}, reader, *args)
    assert reason in text
    assert CANARY not in text
    if stand_in is not None:
        assert value == stand_in


@pytest.mark.parametrize(
    ("reader", "args", "raw", "expected"),
    [
        ("text", (), " a ", " a "),
        ("text", ("b",), None, "b"),
        ("text", (None,), "", None),
        ("flag", (False,), "ON", True),
        ("flag", (True,), "", False),
        ("number", (7,), "12", 12),
        ("seconds", (1.5,), "0.25", 0.25),
        ("words", (), "a, ,b", ["a", "b"]),
        ("words", (("c",),), None, ["c"]),
        ("secret", (), "s", "s"),
    ],
)
def test_a_good_value_is_read(reader: str, args: tuple[object, ...], raw: str | None, expected: object) -> None:
    assert read({} if raw is None else {"X": raw}, reader, *args) == (expected, "")


def test_blanks_are_no_secret() -> None:
    environment = Environment({"X": "   "})
    assert len(environment.secret("X")) > 60
    assert [problem.variable for problem in environment.problems()] == ["X"]


def test_a_missing_secret_gets_a_random_stand_in() -> None:
    first, text = read({}, "secret")
    second, _ = read({}, "secret")
    assert "X_FILE" in text
    assert first != second
    assert len(str(first)) > 60


@pytest.mark.parametrize("reader", ["text", "secret", "words", "flag", "number", "seconds", "networks"])
def test_every_reader_takes_the_value_from_a_file(reader: str, tmp_path: Path) -> None:
    file = tmp_path / "value"
    file.write_text("1\n")
    args = {"flag": (False,), "number": (5,), "seconds": (5.0,)}.get(reader, ())
    assert read({"X_FILE": str(file)}, reader, *args) == read({"X": "1"}, reader, *args)


def test_files_that_cannot_be_used_are_refused_without_their_path(tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    # Who mistakes NAME_FILE for NAME puts the secret where a path belongs.
    assert "cannot be read" in read({"X_FILE": CANARY}, "text")[1]
    assert CANARY not in read({"X_FILE": CANARY}, "text")[1]
    assert "not text" in read({"X_FILE": str(binary)}, "text")[1]
    assert "both set" in read({"X": "1", "X_FILE": str(binary)}, "text")[1]
    assert "cannot be read" in read({"X_FILE": str(tmp_path)}, "text")[1]


def test_everything_bad_is_named_at_the_end_and_then_at_once() -> None:
    seen = Environment({"A": "x", "B": "y"})
    seen.number("A", 1)
    seen.number("B", 1)
    seen.number("A", 2)
    with pytest.raises(BadEnvironment, match=r"(?s)2 variables .*A: .*B: ") as raised:
        seen.settle()
    assert [problem.variable for problem in raised.value.problems] == ["A", "B"]
    settled = Environment({"A": "x"})
    settled.settle()
    with pytest.raises(BadEnvironment, match="A"):
        settled.number("A", 1)


def test_the_preflight_alone_goes_on() -> None:
    seen = Environment({"A": "x"})
    seen.tolerate()
    seen.number("A", 1)
    seen.settle()
    assert [problem.variable for problem in seen.problems()] == ["A"]


BAD = {
    "DEBUG": f"yes{CANARY}",
    "SITE_URL": f"http://hall.example/{CANARY}",
    "ALLOWED_HOSTS": f"https://{CANARY}",
    "DATABASE_URL": f"postgres://user:{CANARY}/x#y@host:notaport/db",
    "PUBLIC_MEDIA_URL": f"s3:///{CANARY}",
    "DB_POOL_MAX": CANARY,
    "MARKET_CURRENCY": CANARY,
    "TRUSTED_PROXIES": CANARY,
    "CORS_ALLOWED_ORIGINS": f"https://user:{CANARY}@a.example",
    "STRIPE_SECRET_KEY_FILE": f"/{CANARY}",
}
MISSING = {"SESSION_SECRET", "REDIS_URL", "CELERY_BROKER_URL", "STRIPE_WEBHOOK_SECRET", "STRIPE_PUBLISHABLE_KEY"}


def test_the_start_stops_once_and_names_every_variable() -> None:
    done = subprocess.run(
        [sys.executable, "manage.py", "migrate"],
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin"} | BAD,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    named = {line.split(":")[0].strip() for line in done.stderr.splitlines() if line.startswith("  ")}
    assert (BAD.keys() - {"STRIPE_SECRET_KEY_FILE"}) | {"STRIPE_SECRET_KEY"} | MISSING <= named
    assert CANARY not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
