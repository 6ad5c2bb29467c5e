"""Servers whose data nobody will miss, for one run of tests or checks; what a killed run left on disk is removed by the next."""

import os
import secrets
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from config.embedded.account import remove_directory
from config.embedded.directory import DirectoryLock
from config.embedded.errors import EmbeddedError
from config.embedded.servers import Servers, ServersPlan


class Scratch:
    """Throwaway servers; `variables` names those started because `given` did not."""

    def __init__(self, given: Mapping[str, str]) -> None:
        """Start them; raises EmbeddedError, and then nothing is left."""
        root = Path(tempfile.gettempdir()) / f"awning-scratch-{os.geteuid()}"
        root.mkdir(exist_ok=True)
        if root.stat().st_uid != os.geteuid():
            raise EmbeddedError(f"{root} belongs to another user: remove it, or set TMPDIR")
        remove_abandoned(root)
        self.home = root / f"{os.getpid()}-{secrets.token_hex(3)}"
        self._lock = DirectoryLock(self.home, remedy="its name was drawn at random: run again")
        # Started by root, PostgreSQL runs as another user who must get in; each server's own folder stays private.
        root.chmod(0o755)
        self.home.chmod(0o755)
        password = secrets.token_urlsafe(16)
        try:
            self._servers = Servers(
                ServersPlan(
                    home=self.home,
                    logs=self.home / "logs",
                    password=password,
                    given=given,
                    durable=False,
                    # Between tests, tables are emptied that refuse it while the hall is open.
                    may_set=("session_replication_role",),
                )
            )
        except BaseException:
            self._clean_up()
            raise
        self.variables = self._servers.variables

    def end(self) -> None:
        """Stop the servers and remove what they wrote."""
        self._servers.stop()
        self._clean_up()

    def _clean_up(self) -> None:
        self._lock.release()
        _remove(self.home)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.end()


def remove_abandoned(root: Path) -> None:
    """Remove the folders of runs that were killed; their servers died with them."""
    for home in root.iterdir():
        try:
            lock = DirectoryLock(home, remedy="")
        except EmbeddedError:
            continue  # that run is alive
        lock.release()
        _remove(home)


def _remove(home: Path) -> None:
    remove_directory(home / "postgres")
    shutil.rmtree(home, ignore_errors=True)
