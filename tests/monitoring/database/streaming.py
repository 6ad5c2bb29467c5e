"""A primary and a streaming replica of it, as real servers: the replica is made by pg_basebackup."""

import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg

from config.embedded.ports import LOOPBACK, free_port
from config.embedded.postgres import PostgresPlan, PostgresServer
from config.embedded.process import ServerProcess

SECRET = "secret"


def until(condition: Callable[[], object], what: str) -> None:
    """Waits for an event; fails with what was waited for."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"waited for {what}"
        time.sleep(0.02)


class Pair:
    """``pause``, ``freeze`` and ``kill`` what is to fail; ``mend`` brings the replica back."""

    def __init__(self, home: Path) -> None:
        home.chmod(0o755)
        plan = PostgresPlan(directory=home / "primary", log=home / "primary.log", password=SECRET, durable=False)
        self.primary = PostgresServer(plan)
        self.folder, self.log, self.port = self.primary.directory / "standby", home / "standby.log", free_port()
        self._run("pg_basebackup", "--checkpoint=fast", "--write-recovery-conf", "--no-sync",
                  "-d", self.superuser, "-D", str(self.folder))  # fmt: skip
        self.standby = self._start()

    @property
    def superuser(self) -> str:
        return f"postgres://postgres:{SECRET}@{LOOPBACK}:{self.primary.port}/awning"

    @property
    def url(self) -> str:
        """The replica's, as the application connects to it."""
        return self.primary.url.replace(f":{self.primary.port}/", f":{self.port}/")

    def write(self, statement: str) -> None:
        """On the primary, flushed as a real one does."""
        with psycopg.connect(self.superuser, autocommit=True) as session:
            session.execute("SET synchronous_commit = on")
            session.execute(statement)  # type: ignore[arg-type]

    def pause(self) -> None:
        """The replica receives and does not replay."""
        self._tell("SELECT pg_wal_replay_pause()")

    def freeze(self) -> None:
        """It hangs: nothing of it runs, and its connections stay open."""
        self._each(psutil.Process.suspend)

    def thaw(self) -> None:
        """It goes on where it was."""
        self._each(psutil.Process.resume)

    def kill(self) -> None:
        """It dies without a word."""
        self._each(psutil.Process.kill)
        self.standby.wait()

    def mend(self) -> None:
        """It runs, and replays."""
        if self.standby.poll() is not None:
            (self.folder / "postmaster.pid").unlink(missing_ok=True)
            self.standby = self._start()
        self._tell("SELECT pg_wal_replay_resume()")
        # Whose readers were woken, they sleep on.
        self._tell("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")

    def stop(self) -> None:
        self.standby.stop()
        self.primary.stop()

    def _each(self, act: Callable[[psutil.Process], None]) -> None:
        """The head first, which makes the others; some of these end by themselves."""
        head = psutil.Process(self.standby.pid)
        for process in [head, *head.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                act(process)

    def _tell(self, statement: str) -> None:
        with psycopg.connect(self.superuser.replace(f":{self.primary.port}/", f":{self.port}/"), autocommit=True) as it:
            it.execute(statement)  # type: ignore[arg-type]

    def _run(self, program: str, *arguments: str) -> None:
        argv = [str(self.primary.programs / "bin" / program), *arguments]
        process = ServerProcess(self.primary._command(argv, name=program, log=self.log))
        assert process.wait() == 0, process.last_words()

    def _start(self) -> ServerProcess:
        argv = self.primary._server_argv(self.port)
        argv[argv.index("-D") + 1] = str(self.folder)
        # What comes from the primary is replayed at once, whomever it disturbs.
        argv += [
            "-c",
            "max_standby_streaming_delay=0",
            "-c",
            "max_standby_archive_delay=0",
            "-c",
            "wal_retrieve_retry_interval=50ms",
        ]
        process = ServerProcess(self.primary._command(argv, name="standby", log=self.log))
        until(self._answers, "the standby")
        return process

    def _answers(self) -> bool:
        try:
            self._tell("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True
