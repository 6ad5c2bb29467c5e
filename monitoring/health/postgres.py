"""Asks PostgreSQL whether it answers and takes writes; see monitoring.database.line for how."""

import os
from typing import Final

from monitoring.database import line
from monitoring.database.line import Silent, conninfo
from monitoring.health.registry import Figure, Finding

__all__ = ["Line", "Silent", "check", "conninfo", "hang_up"]

# Seconds for connecting and asking together; below the check's own limit, so that the finding can say what happened.
PATIENCE: Final = 0.25
# Also "on" for a replica; hosts set it when a disk is nearly full.
_QUESTION: Final = b"SELECT current_setting('transaction_read_only')::boolean, current_setting('server_version')"


class Line(line.Line):
    """The connection of the probes."""

    def ask(self, conninfo: str, *, patience: float = PATIENCE) -> tuple[bool, str]:
        """Whether the server only reads, and its version. Raises Silent."""
        reads_only, version = self.row(conninfo, _QUESTION, patience=patience)
        return reads_only == "t", version


_line = Line()
os.register_at_fork(after_in_child=_line.forget)


def hang_up() -> None:
    """Closes the connection until somebody asks again."""
    _line.hang_up()


def check() -> Finding:
    """PostgreSQL answers, and takes writes. Raises Silent."""
    reads_only, version = _line.ask(conninfo())
    figures: dict[str, Figure] = {"version": version, "reads_only": reads_only}
    if reads_only:
        return Finding(
            "warning", "It only reads: a replica, or set to read-only, as hosts do when its disk is full.", figures
        )
    return Finding("ok", "", figures)
