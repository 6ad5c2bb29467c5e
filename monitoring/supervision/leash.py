"""Runs a command that must not outlive its supervisor: `python -I -S leash.py PARENT COMMAND ARG…`.

By path and with the standard library alone, so that it costs milliseconds; it replaces itself by the command. Linux keeps the
request for a signal at the parent's death across that. Elsewhere the command simply runs.
"""

import ctypes
import os
import signal
import sys
from typing import Final

PR_SET_PDEATHSIG: Final = 1
CANNOT_START: Final = 127


def main(parent: int, command: list[str]) -> int:
    """Never returns when the command can be run."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        return CANNOT_START
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is meant
    except OSError as error:
        sys.stderr.write(f"{command[0]}: {error.strerror}\n")
    return CANNOT_START


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
