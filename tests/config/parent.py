"""Run as a program by the tests: starts servers as a demo would, says so, and waits to be killed."""

import json
import os
import sys
import time
from pathlib import Path

from config.embedded.servers import Servers, ServersPlan


def main(home: Path) -> None:
    servers = Servers(ServersPlan(home=home, logs=home / "logs", password="secret", given={}, durable=False))
    started = {server.process.command.name: server.process for server in servers.running()}
    report = {
        "parent": os.getpid(),
        "servers": {name: process.pid for name, process in started.items()},
        "guards": {name: process.guard_pid for name, process in started.items()},
        "variables": servers.variables,
    }
    sys.stdout.write(json.dumps(report) + "\n")
    sys.stdout.flush()
    time.sleep(600)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
