"""`manage.py preflight` as operators run it: against real servers, against nothing, and with everything hung."""

import json
import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.embedded.check import production_like
from config.embedded.scratch import Scratch
from config.embedded.stripe import StripePlan, StripeServer

PROJECT = Path(__file__).resolve().parents[2]
BASE = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "TMPDIR": os.environ.get("TMPDIR", "/tmp")}  # noqa: S108
CANARY = "c4n4ry7f0e9d"
# Instead of manage.py where the real provider would be asked: one door is replaced, everything else is as in production.
WITH_PROVIDER = """
import sys
from config.env import tolerate
tolerate()
import django
django.setup()
from django.core.management import call_command
from payments import gateway
from payments.provider import ProviderAccount
gateway.fetch_account = lambda: ProviderAccount(charges_enabled=True, date="")
call_command("preflight", *sys.argv[1:])
"""


@dataclass(frozen=True)
class Said:
    """What a run said, and how it ended."""

    code: int
    output: str

    @property
    def document(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.output)
        return found

    def lines(self, level: str) -> set[str]:
        return {
            f"{problem['variable']} {problem['id'].removeprefix('preflight.')}".strip()
            for problem in self.document["problems"]
            if problem["level"] == level
        }


def run(environ: dict[str, str], *argv: str) -> Said:
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=PROJECT,
        env=BASE | {"DJANGO_SETTINGS_MODULE": "config.settings"} | environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert CANARY not in done.stderr
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Real servers, migrated, with collected files and a provider: what `make demo` has, without its goods."""
    folder = tmp_path_factory.mktemp("hall")
    folder.chmod(0o755)
    with Scratch({}) as scratch:
        environ = scratch.variables | {
            "SESSION_SECRET": secrets.token_urlsafe(48),
            "HEALTH_TOKEN": secrets.token_urlsafe(24),
            "METRICS_TOKEN": secrets.token_urlsafe(24),
            "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
            "STRIPE_PUBLISHABLE_KEY": f"pk_test_{secrets.token_hex(16)}",
            "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
            "STATIC_DIR": str(folder / "static"),
            "PUBLIC_MEDIA_URL": (folder / "media").as_uri(),
            "PRIVATE_MEDIA_URL": (folder / "private").as_uri(),
            "SITE_URL": "http://127.0.0.1:8000",
        }
        stripe = StripeServer(
            StripePlan(
                data=folder / "stripe.json",
                log=folder / "stripe.log",
                webhook_url="http://127.0.0.1:1/",
                webhook_secret=environ["STRIPE_WEBHOOK_SECRET"],
            )
        )
        try:
            environ["STRIPE_API_BASE"] = stripe.url
            for command in (("migrate",), ("collectstatic",)):
                assert run(environ, "manage.py", *command, "--no-input", "--verbosity", "0").code == 0
            yield environ
        finally:
            stripe.stop()


def production(hall: dict[str, str]) -> dict[str, str]:
    """The same servers, set up for a public hall."""
    public = {name: value for name, value in hall.items() if name != "STRIPE_API_BASE"}
    return public | production_like()


def no_disk(said: set[str]) -> set[str]:
    """How full this machine's disk is says nothing about the hall."""
    return said - {"disk.full"}


def test_the_demo_passes(hall: dict[str, str]) -> None:
    said = run(hall, "manage.py", "preflight", "--json")
    assert no_disk(said.lines("error")) == set()
    assert no_disk(said.lines("warning")) == set()


def test_a_public_hall_on_real_servers_passes(hall: dict[str, str]) -> None:
    said = run(production(hall), "-c", WITH_PROVIDER, "--json")
    assert no_disk(said.lines("error")) == set()
    assert no_disk(said.lines("warning")) == set()
    text = run(production(hall), "-c", WITH_PROVIDER)
    assert "preflight: no errors" in text.output


def test_a_public_hall_with_the_demos_habits_is_told_all_at_once(hall: dict[str, str]) -> None:
    careless = production(hall) | {
        "DEBUG": "1",
        "SESSION_SECRET": "changeme-changeme-changeme-changeme",
        "ALLOWED_HOSTS": "www.hall.example",
        "TRUSTED_PROXIES": "",
        "REDIS_URL": hall["CELERY_BROKER_URL"],
        "CELERY_BROKER_URL": hall["REDIS_URL"],
        "DB_POOL_MAX": "90",
        "STATIC_UNHASHED": "1",
        "STRIPE_SECRET_KEY": hall["STRIPE_SECRET_KEY"],
        "MARKET_CURRENCY": "EURO",
    }
    said = run(careless, "-c", WITH_PROVIDER, "--json")
    assert said.code == 1
    wanted = {
        "DEBUG debug", "SESSION_SECRET secret.weak", "ALLOWED_HOSTS hosts", "TRUSTED_PROXIES proxies.unset",
        "CELERY_BROKER_URL broker.policy", "DATABASE_URL postgres.connections", "STATIC_UNHASHED static.unhashed",
        "STRIPE_SECRET_KEY stripe.test_key", "STRIPE_PUBLISHABLE_KEY stripe.modes", "MARKET_CURRENCY environment",
    }  # fmt: skip
    assert said.lines("error") >= wanted
    assert {"REDIS_URL cache.policy", "CELERY_BROKER_URL broker.append_only"} <= said.lines("warning")


def test_an_empty_environment_is_told_everything_it_lacks() -> None:
    said = run({}, "manage.py", "preflight", "--json")
    assert said.code == 1
    missing = {
        "DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "RATE_LIMIT_REDIS_URL", "SESSION_SECRET", "STRIPE_SECRET_KEY",
        "STRIPE_PUBLISHABLE_KEY", "STRIPE_WEBHOOK_SECRET",
    }  # fmt: skip
    assert {f"{name} environment" for name in missing} <= said.lines("error")
    assert set(said.document) == {"ok", "errors", "warnings", "seconds", "problems"}
    assert all(set(problem) == {"id", "level", "variable", "text", "hint"} for problem in said.document["problems"])
    assert (said.document["ok"], said.document["errors"]) == (False, len(said.lines("error")))


def canaries(port: int) -> dict[str, str]:
    """A public hall whose every server is at that port, and whose every secret holds the canary."""
    host = f"127.0.0.1:{port}"
    return production_like() | {
        "SESSION_SECRET": CANARY * 4,
        "SESSION_SECRET_FALLBACKS": f"{CANARY},{CANARY}{CANARY}",
        "DATABASE_URL": f"postgres://user:{CANARY}@{host}/db",
        "DATABASE_REPLICA_URL": f"postgres://user:p%2F{CANARY}@{host}/db",
        "REDIS_URL": f"redis://:{CANARY}@{host}/0",
        "RATE_LIMIT_REDIS_URL": f"redis://:{CANARY}@{host}/1",
        "CELERY_BROKER_URL": f"redis://:{CANARY}@{host}/2",
        "STRIPE_SECRET_KEY": f"sk_live_{CANARY}{CANARY}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_live_{CANARY}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{CANARY}{CANARY}",
        "STRIPE_API_BASE": f"http://{host}",
        "BREVO_API_KEY": CANARY,
        "SENTRY_DSN": f"https://{CANARY}@{host}/x",
        "HEALTH_TOKEN": CANARY,
        "METRICS_TOKEN": CANARY,
        "COINGECKO_API_KEY": f"{CANARY} {CANARY}",
        "PUBLIC_MEDIA_URL": f"s3://{CANARY}:{CANARY}@bucket/x?endpoint=http://{host}&region=eu",
        "PRIVATE_MEDIA_URL": f"s3://{CANARY}:{CANARY}@bucket/y?endpoint=http://{host}&region=eu",
    }


SERVERS = {
    "postgres",
    "postgres.timeouts",
    "replica",
    "replica.timeouts",
    "migrations",
    "cache",
    "limits",
    "broker",
    "provider",
    "storage.public",
    "storage.private",
}


def test_with_everything_hung_it_is_over_within_seconds_and_names_each_server() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=128) as silent:
        environ = canaries(silent.getsockname()[1])
        started = time.monotonic()
        said = run(environ, "manage.py", "preflight", "--json")
        # With the start of Python: threads of libraries, left behind a hung server, must not keep the process.
        assert time.monotonic() - started < 20
        text = run(environ, "manage.py", "preflight")
    assert said.code == text.code == 1
    assert said.document["seconds"] < 10
    told = {line.split()[-1].rpartition(".")[0] for line in said.lines("error")}
    assert told >= SERVERS
    assert CANARY not in said.output + text.output


def test_with_nothing_there_no_secret_is_in_what_libraries_say() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    environ = canaries(port)
    for argv in (("--json",), (), ("--online",)):
        said = run(environ, "manage.py", "preflight", *argv)
        assert said.code == 1
        assert CANARY not in said.output
        assert "refused" in said.output.lower()


@pytest.mark.parametrize(
    "address", [f"postgres://user:{CANARY}@host:bad{CANARY}/db", f"postgres://{CANARY}", f"mysql://u:{CANARY}@h/d", f"postgres://u:a/{CANARY}#@h/d"]
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_not_shown(address: str) -> None:
    said = run(
        {"DATABASE_URL": address, "DATABASE_REPLICA_URL": address, "REDIS_URL": address}, "manage.py", "preflight"
    )
    assert said.code == 1
    assert "DATABASE_URL must look like postgres://" in said.output
    assert CANARY not in said.output


def test_a_file_named_by_the_environment_counts(hall: dict[str, str], tmp_path: Path) -> None:
    by_file = {}
    for name in ("DATABASE_URL", "CELERY_BROKER_URL", "STRIPE_SECRET_KEY", "METRICS_TOKEN"):
        (tmp_path / name).write_text(hall[name] + "\n")
        by_file[f"{name}_FILE"] = str(tmp_path / name)
    rest = {name: value for name, value in hall.items() if f"{name}_FILE" not in by_file}
    said = run(rest | by_file, "manage.py", "preflight", "--json")
    assert no_disk(said.lines("error")) == set()
