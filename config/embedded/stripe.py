"""The Stripe simulator as a child process on a loopback port."""

import signal
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from config.embedded.ports import free_port, require_free
from config.embedded.process import Command, ServerProcess
from config.embedded.ready import wait_until_ready

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
            self.url = wait_until_ready(self.process, "the Stripe simulator")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; its objects are kept in the data file."""
        self.process.stop()
