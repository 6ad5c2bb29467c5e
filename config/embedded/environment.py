"""The demo's environment: made-up secrets that last, and the file that other commands read."""

import json
import os
import secrets
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from config.embedded.errors import EmbeddedError

SECRETS_FILE: Final = "secrets.json"
ENVIRONMENT_FILE: Final = "env"


def load_secrets(home: Path) -> dict[str, str]:
    """Return the demo's secrets, made at the first call and kept in a file only its owner can read."""
    file = home / SECRETS_FILE
    if file.exists():
        try:
            kept: dict[str, str] = json.loads(file.read_text())
        except ValueError as error:
            raise EmbeddedError(f"{file} is damaged: restore it, or start afresh with make demo RESET=1") from error
        return kept
    made = {
        "SERVERS_PASSWORD": secrets.token_urlsafe(24),
        "SESSION_SECRET": secrets.token_urlsafe(48),
        "STRIPE_SECRET_KEY": f"sk_test_{secrets.token_hex(16)}",
        "STRIPE_PUBLISHABLE_KEY": f"pk_test_{secrets.token_hex(16)}",
        "STRIPE_WEBHOOK_SECRET": f"whsec_{secrets.token_hex(16)}",
        "HEALTH_TOKEN": secrets.token_urlsafe(24),
        "METRICS_TOKEN": secrets.token_urlsafe(24),
    }
    write_private(file, json.dumps(made, indent=2) + "\n")
    return made


def write_environment(home: Path, variables: Mapping[str, str]) -> None:
    """Write what `read_environment` reads: one NAME=value per line, quoted for a shell."""
    write_private(home / ENVIRONMENT_FILE, "".join(f"{name}={shlex.quote(text)}\n" for name, text in variables.items()))


def read_environment(home: Path) -> dict[str, str]:
    """Return the variables of the running demo; raises EmbeddedError when there are none."""
    file = home / ENVIRONMENT_FILE
    try:
        lines = file.read_text().splitlines()
    except OSError as error:
        raise EmbeddedError(f"the demo is not running ({file} is not there): start it with make demo") from error
    pairs = (line.partition("=") for line in lines)
    return {name: "".join(shlex.split(value)) for name, _, value in pairs}


def write_private(file: Path, text: str) -> None:
    """Replace the file in one step; only its owner may read it."""
    draft = file.with_name(f"{file.name}.draft")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as out:
        out.write(text)
    draft.replace(file)
