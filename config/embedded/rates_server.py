"""The rate provider as a child process on a loopback port."""

import signal
import sys
from pathlib import Path
from typing import Final

from config.embedded.process import Command, ServerProcess
from config.embedded.ready import wait_until_ready

MODULE: Final = "config.embedded.rates"
PROJECT: Final = Path(__file__).resolve().parents[2]


class RatesServer:
    """A running provider; `url` goes into RATES_API_BASE."""

    def __init__(self, log: Path) -> None:
        """Start it and wait until it says that it is ready; raises EmbeddedError with its last lines."""
        self.process = ServerProcess(
            Command(
                name="rates",
                argv=(sys.executable, "-m", MODULE),
                directory=PROJECT,
                log=log,
                stops=((signal.SIGTERM, 3.0),),
            )
        )
        try:
            self.url = wait_until_ready(self.process, "the rate provider")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop it; it keeps nothing."""
        self.process.stop()
