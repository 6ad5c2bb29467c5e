"""Loopback ports: which is free, and who sits on one that is not."""

import socket
from pathlib import Path
from typing import Final

from config.embedded.errors import EmbeddedError

LOOPBACK: Final = "127.0.0.1"
LISTENING: Final = "0A"  # the state of a listening socket in /proc/net/tcp


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: a port that is merely cooling down after a restart counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def require_free(port: int, *, purpose: str, remedy: str) -> None:
    """Raise EmbeddedError naming the port and its holder, if it is taken or not a port."""
    if not 0 < port < 65536:
        raise EmbeddedError(f"{purpose}: {port} is not a port; {remedy}")
    if is_free(port):
        return
    holder = holder_of(port)
    if holder is None and port < 1024:
        raise EmbeddedError(f"{purpose}: port {port} is in use or reserved for root; {remedy}")
    raise EmbeddedError(f"{purpose}: port {port} is in use{f' by {holder}' if holder else ''}; {remedy}")


def holder_of(port: int) -> str | None:
    """Return "process 123 (name)" for who listens on the port, or None where the system does not tell."""
    sockets = _listening_sockets(port)
    if not sockets:
        return None
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(str(fd.readlink()) in sockets for fd in (process / "fd").iterdir()):
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:
            continue
    return None


def _listening_sockets(port: int) -> set[str]:
    """Return the "socket:[inode]" names of the sockets that listen on the port."""
    found: set[str] = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        if not table.exists():
            continue
        for row in table.read_text().splitlines()[1:]:
            columns = row.split()
            if columns[3] == LISTENING and int(columns[1].rpartition(":")[2], 16) == port:
                found.add(f"socket:[{columns[9]}]")
    return found
