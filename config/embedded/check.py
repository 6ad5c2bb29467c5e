"""`make check`: every rule that a machine can hold us to, each with its verdict; exit 1 if one does not hold."""

import os
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from config.embedded.errors import EmbeddedError
from config.embedded.scratch import Scratch

PROJECT: Final = Path(__file__).resolve().parents[2]
CODE: Final = ("config", "payments", "marketplace", "monitoring")
BIN: Final = Path(sys.executable).parent
MANAGE: Final = (sys.executable, "manage.py")

CHECKS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("lint", (str(BIN / "ruff"), "check", ".")),
    ("format", (str(BIN / "ruff"), "format", "--check", ".")),
    ("import contracts", (str(BIN / "lint-imports"),)),
    ("types", (str(BIN / "mypy"), *CODE)),
    ("missing migrations", (*MANAGE, "makemigrations", "--check", "--dry-run")),
    ("migrations apply", (*MANAGE, "migrate", "--no-input", "--verbosity", "0")),
    ("migrations safe", (sys.executable, "-m", "config.embedded.migrations")),
    ("deploy settings", (*MANAGE, "check", "--deploy", "--fail-level", "WARNING")),
)


def production_like() -> dict[str, str]:
    """Return a complete environment as an operator would set it, with made-up secrets."""
    return {
        "SESSION_SECRET": secrets.token_urlsafe(64),
        "SITE_URL": "https://hall.example",
        "ALLOWED_HOSTS": "hall.example",
        "TRUSTED_PROXIES": "10.0.0.0/8",
        "STRIPE_API_BASE": "https://api.stripe.com",
        "STRIPE_SECRET_KEY": f"sk_live_{secrets.token_hex(16)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_live_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "BREVO_API_KEY": f"xkeysib-{secrets.token_hex(32)}",
        "MAIL_FROM": "The hall <hall@hall.eu>",
        "HEALTH_TOKEN": secrets.token_urlsafe(32),
        "METRICS_TOKEN": secrets.token_urlsafe(32),
    }


def holds(name: str, argv: tuple[str, ...], environ: dict[str, str]) -> bool:
    """Run one check and print its verdict, with everything it said when it does not hold."""
    started = time.monotonic()
    done = subprocess.run(
        argv, cwd=PROJECT, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    verdict = "ok" if done.returncode == 0 else "FAILED"
    print(f"{verdict:<7} {name:<20} {time.monotonic() - started:5.1f} s", flush=True)
    if done.returncode != 0:
        print(f"\n{done.stdout}{done.stderr}", flush=True)
    return done.returncode == 0


def main() -> int:
    """Run all checks, whatever the first ones say."""
    try:
        # The developer's own servers have nothing to do with it: migrations are tried on an empty database.
        with Scratch({}) as scratch:
            environ = dict(os.environ) | production_like() | scratch.variables
            results = [holds(name, argv, environ) for name, argv in CHECKS]
    except EmbeddedError as error:
        print(f"check: {error}", file=sys.stderr)
        return 1
    failed = results.count(False)
    print(f"{len(results)} checks, {failed or 'none'} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
