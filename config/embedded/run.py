"""`python -m config.embedded.run [--wait SECONDS] PROGRAM ARG…`: runs a program in the running demo's environment."""

import os
import sys
import time
from argparse import REMAINDER, ArgumentParser
from pathlib import Path
from typing import Final

from config.embedded.directory import DirectoryLock
from config.embedded.environment import read_environment
from config.embedded.errors import EmbeddedError

POLL_SECONDS: Final = 0.2


def demo_home() -> Path:
    """Return the demo's folder: DEMO_HOME, else .demo in the project."""
    return Path(os.environ.get("DEMO_HOME") or Path(__file__).resolve().parents[2] / ".demo").absolute()


def is_running(home: Path) -> bool:
    """Whether a demo holds the folder now."""
    if not (home / "owner.lock").exists():
        return False
    try:
        DirectoryLock(home, remedy="").release()
    except EmbeddedError:
        return True
    return False


def running_environment(home: Path, *, wait: float) -> dict[str, str]:
    """Return the running demo's variables, waiting so many seconds for one to come up; raises EmbeddedError."""
    deadline = time.monotonic() + wait
    while True:
        try:
            if not is_running(home):
                raise EmbeddedError("the demo is not running: start it with make demo")
            return read_environment(home)
        except EmbeddedError:
            if time.monotonic() >= deadline:
                raise
        time.sleep(POLL_SECONDS)


def main() -> int:
    """Replace this process by the program; 127 when it cannot be run."""
    parser = ArgumentParser(prog="config.embedded.run", description=__doc__)
    parser.add_argument("--wait", type=float, default=0.0, metavar="SECONDS", help="how long to wait for the demo")
    parser.add_argument("program", nargs=REMAINDER, help="for example: python manage.py check")
    options = parser.parse_args()
    if not options.program:
        parser.error('name a program, for example: make manage CMD="check"')
    try:
        variables = running_environment(demo_home(), wait=options.wait)
    except EmbeddedError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    environ = os.environ | variables | {"PATH": path}
    try:
        os.execvpe(options.program[0], options.program, environ)  # noqa: S606 - no shell is meant
    except OSError as error:
        sys.stderr.write(f"{options.program[0]}: {error.strerror}\n")
        return 127


if __name__ == "__main__":
    sys.exit(main())
