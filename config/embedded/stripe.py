"""The Stripe simulator as a child process on a loopback port."""

import json
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.embedded.errors import EmbeddedError
from config.embedded.ports import free_port, require_free
from config.embedded.process import Command, ServerProcess

START_SECONDS: Final = 20.0
MODULE: Final = "payments.simulator"
PROJECT: Final = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class StripePlan:
    """Where the simulator keeps its objects, and where it sends signed webhooks; `port` 0 picks a free one."""

    data: Path
    log: Path
    webhook_url: str
    webhook_secret: str = field(repr=False)
    port: int = 0


class StripeServer:
    """A running simulator; `url` goes into STRIPE_API_BASE."""

    def __init__(self, plan: StripePlan) -> None:
        """Start it and wait until it says that it is ready; raises EmbeddedError with its last lines."""
        self.plan = plan
        self.port = plan.port or free_port()
        require_free(self.port, purpose="Stripe simulator", remedy="stop that program, or choose another port")
        plan.data.parent.mkdir(parents=True, exist_ok=True)
        argv = [
            *(sys.executable, "-m", MODULE, "--port", str(self.port), "--data", str(plan.data)),
            *("--webhook-url", plan.webhook_url, "--webhook-secret", plan.webhook_secret),
        ]
        self.process = ServerProcess(
            Command(
                name="stripe-simulator",
                argv=tuple(argv),
                directory=PROJECT,
                log=plan.log,
                stops=((signal.SIGTERM, 3.0),),
            )
        )
        try:
            self.url = self._wait_until_ready()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; its objects are kept in the data file."""
        self.process.stop()

    def _wait_until_ready(self) -> str:
        deadline = time.monotonic() + START_SECONDS
        while (url := _ready_url(self.process.output())) is None:
            if self.process.poll() is not None:
                raise EmbeddedError(f"the Stripe simulator ended while starting: {self.process.last_words()}")
            if time.monotonic() > deadline:
                raise EmbeddedError(
                    f"the Stripe simulator was not ready within {START_SECONDS:.0f} s: see {self.plan.log}"
                )
            time.sleep(0.02)
        return url


def _ready_url(output: str) -> str | None:
    """Return the URL from the simulator's line {"ready": true, "url": …}, once it has written it."""
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
