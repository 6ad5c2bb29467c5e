"""Run as a program by the tests: the demo with its real servers, but without Django: a plain file server is its web process."""

import os
import sys
from pathlib import Path

from config.embedded.demo import Demo, Progress, run
from config.embedded.errors import EmbeddedError
from config.embedded.process import Command, ServerProcess


class ShortDemo(Demo):
    def manage(self, name: str, *argv: str, title: str) -> None:
        self.progress.say(title)

    def seed(self) -> None:
        self.progress.say("nothing to seed")

    def collect_static(self) -> ServerProcess | None:
        return None

    def programs(self) -> list[Command]:
        served = ("-m", "http.server", str(self.port), "--bind", "127.0.0.1", "--directory", str(self.logs))
        return [self.command("web", *served, kind="web")]


def main(home: Path, port: int) -> int:
    try:
        demo = ShortDemo(home, port, Progress())
    except EmbeddedError as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    return run(demo, reset=os.environ.get("RESET") == "1", programs=True)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
