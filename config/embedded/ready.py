"""A stand-in of ours says that it is ready by one line of JSON with its address: {"ready": true, "url": …}."""

import json
import time
from typing import Final

from config.embedded.errors import EmbeddedError
from config.embedded.process import ServerProcess

START_SECONDS: Final = 20.0


def wait_until_ready(process: ServerProcess, what: str) -> str:
    """The address, once the process has told it; raises EmbeddedError with its last lines."""
    deadline = time.monotonic() + START_SECONDS
    while (url := ready_url(process.output())) is None:
        if process.poll() is not None:
            raise EmbeddedError(f"{what} ended while starting: {process.last_words()}")
        if time.monotonic() > deadline:
            raise EmbeddedError(f"{what} was not ready within {START_SECONDS:.0f} s: see {process.command.log}")
        time.sleep(0.02)
    return url


def ready_url(output: str) -> str | None:
    """The address from the line, once it is written."""
    for line in output.splitlines():
        if not line.startswith("{"):
            continue
        try:
            message = json.loads(line)
        except ValueError:
            continue  # half written
        if isinstance(message, dict) and message.get("ready") is True:
            return str(message["url"])
    return None
