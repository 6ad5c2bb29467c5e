"""The embedded servers: what they are set to, what they say when they cannot start, and that nothing outlives its parent."""

import dataclasses
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
import redis

from config.embedded import account, directory, postgres
from config.embedded.account import remove_directory, server_account
from config.embedded.errors import EmbeddedError
from config.embedded.ports import LOOPBACK, free_port
from config.embedded.postgres import PostgresPlan, PostgresServer
from config.embedded.redis import BROKER, CACHE, RedisPlan, RedisServer
from config.embedded.servers import Servers, ServersPlan

PROJECT = Path(__file__).resolve().parents[2]
GONE_SECONDS = 15.0


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that the servers' user can enter; pytest's own temporary folders are closed to it."""
    with tempfile.TemporaryDirectory(prefix="awning-servers-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield folder
        remove_directory(folder / "postgres")


@pytest.fixture
def parent(home: Path) -> Iterator[dict[str, Any]]:
    """Another program that has started all servers below `home`: its report, to be killed by the test."""
    environ = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}
    program = [sys.executable, "-m", "tests.config.parent", str(home)]
    with subprocess.Popen(program, cwd=PROJECT, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        report = json.loads(process.stdout.readline() or b"{}")
        try:
            yield report
        finally:
            process.kill()
    wait_until(lambda: not alive(*report["servers"].values(), *report["guards"].values()))


def postgres_plan(home: Path, **changes: Any) -> PostgresPlan:
    plan = PostgresPlan(
        directory=home / "postgres", log=home / "logs" / "postgres.log", password="secret", durable=False
    )
    return dataclasses.replace(plan, **changes)


def redis_plan(home: Path, settings: dict[str, str], **changes: Any) -> RedisPlan:
    plan = RedisPlan(
        name="redis", directory=home / "redis", log=home / "redis.log", settings=settings, password="secret"
    )
    return dataclasses.replace(plan, **changes)


def alive(*pids: int) -> list[int]:
    """Return which of the processes exist and are not zombies."""
    found = []
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state != "Z":
            found.append(pid)
    return found


def wait_until(condition: Any, seconds: float = GONE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s"
        time.sleep(0.02)


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def query(url: str, statement: str) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(statement).fetchone()
        return row[0] if row else None


# --- what they are ---


def test_postgres_is_the_promised_one_and_keeps_its_data(home: Path) -> None:
    server = PostgresServer(postgres_plan(home, durable=True))
    try:
        assert query(server.url, "SHOW server_version_num").startswith("18")
        assert (
            query(server.url, "SELECT datlocprovider::text || datlocale FROM pg_database WHERE datname = 'awning'")
            == "bC.UTF-8"
        )
        assert query(server.url, "SHOW server_encoding") == "UTF8"
        assert query(server.url, "SHOW synchronous_commit") == "on"
        assert query(server.url, "SHOW fsync") == "on"
        assert query(server.url, "SHOW listen_addresses") == LOOPBACK
        with psycopg.connect(server.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 7 AS n")
    finally:
        server.stop()
    again = PostgresServer(postgres_plan(home, durable=True))
    try:
        assert query(again.url, "SELECT n FROM kept") == 7
    finally:
        again.stop()


def test_the_application_is_no_superuser_and_a_wrong_password_is_refused(home: Path) -> None:
    server = PostgresServer(postgres_plan(home))
    try:
        assert query(server.url, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user") is False
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("CREATE EXTENSION pg_trgm")
            connection.execute("CREATE DATABASE test_awning")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute("SET session_replication_role = replica")
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(server.url.replace("secret", "guess"))
    finally:
        server.stop()
    with pytest.raises(EmbeddedError, match=r"another password.*RESET=1"):
        PostgresServer(postgres_plan(home, password="other"))


def test_the_cache_evicts_and_the_broker_never_does(home: Path) -> None:
    servers = Servers(ServersPlan(home=home, logs=home / "logs", password="secret", given={"DATABASE_URL": "given"}))
    try:
        cache = redis.Redis.from_url(servers.variables["REDIS_URL"])
        broker = redis.Redis.from_url(servers.variables["CELERY_BROKER_URL"])
        limits = redis.Redis.from_url(servers.variables["RATE_LIMIT_REDIS_URL"])
        with cache, broker, limits:
            assert cache.config_get("maxmemory-policy") == {"maxmemory-policy": "allkeys-lfu"}
            assert cache.config_get("maxmemory") == {"maxmemory": str(128 * 1024**2)}
            assert cache.config_get("appendonly") == {"appendonly": "no"}
            assert broker.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            assert broker.config_get("appendonly") == {"appendonly": "yes"}
            assert limits.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
            broker.set("both", 1)
            assert limits.get("both") is None
    finally:
        servers.stop()


def test_the_broker_remembers_what_it_was_told_before_a_restart(home: Path) -> None:
    for expected in (None, b"task"):
        server = RedisServer(redis_plan(home, BROKER))
        try:
            with redis.Redis.from_url(server.url()) as client:
                assert client.get("queued") == expected
                client.set("queued", "task")
        finally:
            server.stop()


def test_urls_from_outside_are_used_instead(home: Path) -> None:
    given = {
        "DATABASE_URL": "a",
        "REDIS_URL_FILE": "/run/secrets/redis",
        "CELERY_BROKER_URL": "b",
        "RATE_LIMIT_REDIS_URL": "c",
    }
    servers = Servers(ServersPlan(home=home, logs=home / "logs", password="secret", given=given))
    assert (servers.running(), servers.variables) == ([], {})


def test_only_what_is_missing_is_started(home: Path) -> None:
    given = {"DATABASE_URL": "a", "REDIS_URL": "b", "CELERY_BROKER_URL": "c"}
    servers = Servers(ServersPlan(home=home, logs=home / "logs", password="secret", given=given))
    try:
        assert list(servers.redis) == ["redis-broker"]
        assert list(servers.variables) == ["RATE_LIMIT_REDIS_URL"]
    finally:
        servers.stop()


# --- nothing outlives its parent ---


def test_kill_9_of_the_parent_ends_every_server(parent: dict[str, Any], home: Path) -> None:
    postmaster = parent["servers"]["postgres"]
    with psycopg.connect(parent["variables"]["DATABASE_URL"]) as connection:
        backend = connection.info.backend_pid
        everyone = [*parent["servers"].values(), *parent["guards"].values(), *children_of(postmaster)]
        assert backend in everyone
        assert alive(*everyone) == everyone
        os.kill(parent["parent"], signal.SIGKILL)
        wait_until(lambda: not alive(*everyone))
    assert directory.survivors(home / "postgres" / "cluster", "postgres") == []


def test_kill_9_of_parent_and_guards_together_ends_every_server(parent: dict[str, Any]) -> None:
    everyone = [*parent["servers"].values(), *children_of(parent["servers"]["postgres"])]
    for pid in (*parent["guards"].values(), parent["parent"]):
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not alive(*everyone))


def test_kill_9_of_the_postmaster_ends_its_backends(home: Path) -> None:
    server = PostgresServer(postgres_plan(home))
    backends = children_of(server.process.pid)
    assert backends
    # A stopped backend cannot notice by itself that its postmaster is gone.
    os.kill(backends[0], signal.SIGSTOP)
    os.kill(server.process.pid, signal.SIGKILL)
    wait_until(lambda: server.process.poll() is not None)
    assert server.process.poll() == 128 + signal.SIGKILL
    assert alive(*backends) == []
    server.stop()


# --- recovery at the next start ---


@contextmanager
def unguarded(server: PostgresServer, *, mark: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a stopped server's PostgreSQL again, as if its guard had been lost."""
    run_as = server.account
    process = subprocess.Popen(
        [word.replace(f"={postgres.CLUSTER_NAME}", f"={mark}") for word in server.process.command.argv],
        stderr=subprocess.PIPE,
        user=run_as.uid if run_as else None,
        group=run_as.gid if run_as else None,
        cwd="/",
    )
    assert process.stderr is not None
    with process:
        try:
            for line in process.stderr:
                if b"ready to accept connections" in line:
                    break
            yield process
        finally:
            process.send_signal(signal.SIGCONT)
            process.send_signal(signal.SIGQUIT)


def test_a_server_left_from_a_killed_run_is_ended_and_its_data_used(home: Path) -> None:
    first = PostgresServer(postgres_plan(home))
    first.stop()
    with unguarded(first, mark=postgres.CLUSTER_NAME) as left:
        os.kill(left.pid, signal.SIGSTOP)
        second = PostgresServer(postgres_plan(home))
        try:
            assert query(second.url, "SELECT 1") == 1
            left.wait(GONE_SECONDS)
        finally:
            second.stop()


def test_a_survivor_that_does_not_listen_is_forced(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "END_SECONDS", 0.3)
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script], cwd=home, stdout=subprocess.PIPE) as stubborn:
        try:
            assert stubborn.stdout is not None
            assert stubborn.stdout.readline() == b"up\n"
            program = Path(sys.executable).resolve().name
            assert directory.end_survivors(home, program, signal.SIGTERM) == [stubborn.pid]
            assert stubborn.wait(GONE_SECONDS) == -signal.SIGKILL
        finally:
            stubborn.kill()


def test_a_server_that_somebody_else_started_is_named_and_left_alone(home: Path) -> None:
    first = PostgresServer(postgres_plan(home))
    first.stop()
    with unguarded(first, mark="somebody-elses") as theirs:
        with pytest.raises(EmbeddedError, match=r"process \d+, which Awning did not start, uses .*stop it first"):
            PostgresServer(postgres_plan(home))
        assert alive(theirs.pid)


def test_a_stale_process_id_that_now_belongs_to_a_stranger_does_not_stop_the_start(home: Path) -> None:
    server = PostgresServer(postgres_plan(home))
    server.stop()
    run_as = server.account
    stranger = subprocess.Popen(["/bin/sleep", "600"], user=run_as.uid if run_as else None)
    pid_file = server.cluster / "postmaster.pid"
    pid_file.write_text(f"{stranger.pid}\n{server.cluster}\n1700000000\n{server.port}\n\n{LOOPBACK}\n  0  0\n")
    try:
        again = PostgresServer(postgres_plan(home))
        again.stop()
        assert alive(stranger.pid)
    finally:
        stranger.kill()
        stranger.wait()


def test_an_interrupted_first_start_is_repeated(home: Path) -> None:
    (home / "postgres" / "cluster.draft").mkdir(parents=True)
    (home / "postgres" / "cluster.draft" / "PG_VERSION").write_text("18\n")
    server = PostgresServer(postgres_plan(home))
    server.stop()
    assert not (home / "postgres" / "cluster.draft").exists()


# --- one clear line ---


def test_a_port_in_use_is_named_with_its_holder(home: Path) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        said = rf"port {port} is in use by process {os.getpid()} \(.+\); .*choose another port"
        with pytest.raises(EmbeddedError, match=said):
            PostgresServer(postgres_plan(home, port=port))
        with pytest.raises(EmbeddedError, match=said):
            RedisServer(redis_plan(home, CACHE, port=port))
    given = free_port()
    server = RedisServer(redis_plan(home, CACHE, port=given))
    server.stop()
    assert server.port == given


def test_data_of_another_major_version_is_not_touched(home: Path) -> None:
    (home / "postgres" / "cluster").mkdir(parents=True)
    version = home / "postgres" / "cluster" / "PG_VERSION"
    version.write_text("17\n")
    with pytest.raises(EmbeddedError, match=r"PostgreSQL 17 and this is PostgreSQL 18: .*RESET=1"):
        PostgresServer(postgres_plan(home))
    assert version.read_text() == "17\n"


def test_a_folder_that_holds_something_else_is_refused(home: Path) -> None:
    (home / "postgres" / "cluster").mkdir(parents=True)
    with pytest.raises(EmbeddedError, match="is not a PostgreSQL data directory: choose another"):
        PostgresServer(postgres_plan(home))


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(EmbeddedError, match=r"cannot write .*file.*: choose another folder"):
        PostgresServer(postgres_plan(home / "file"))
    with pytest.raises(EmbeddedError, match=r"cannot write .*file.*: choose another folder"):
        RedisServer(redis_plan(home / "file", CACHE))


def test_a_folder_in_use_by_a_living_program_is_refused(home: Path) -> None:
    server = RedisServer(redis_plan(home, CACHE))
    try:
        with pytest.raises(EmbeddedError, match=f"in use by process {os.getpid()}; stop that one first"):
            RedisServer(redis_plan(home, CACHE))
    finally:
        server.stop()


def test_a_server_that_ends_while_starting_says_why_and_leaves_nothing(home: Path) -> None:
    with pytest.raises(EmbeddedError, match=r"Redis \(redis\) ended while starting: .*no-such-setting"):
        RedisServer(redis_plan(home, CACHE | {"no-such-setting": "1"}))
    RedisServer(redis_plan(home, CACHE)).stop()


def test_when_one_server_fails_the_others_are_stopped(home: Path) -> None:
    (home / "redis-broker").write_text("in the way")
    with pytest.raises(EmbeddedError, match="redis-broker"):
        Servers(ServersPlan(home=home, logs=home / "logs", password="secret", given={"DATABASE_URL": "given"}))
    assert directory.survivors(home / "redis-cache", "redis-server") == []


def test_root_keeps_programs_and_data_elsewhere_when_their_folders_are_closed_to_others(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(account, "SHARED_ROOT", home / "shared")
    may_enter = account.can_enter
    monkeypatch.setattr(account, "can_enter", lambda path, who: path.is_relative_to(home) and may_enter(path, who))
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = PostgresServer(postgres_plan(closed))
    if server_account() is None:
        # An ordinary user's server runs as that user, who may enter: nothing is moved.
        assert server.directory == closed / "postgres"
        server.stop()
        return
    try:
        assert server.directory.is_relative_to(home / "shared")
        assert server.programs.is_relative_to(home / "shared")
        assert (closed / "postgres").is_symlink()
        assert query(server.url, "SELECT 1") == 1
    finally:
        server.stop()
    remove_directory(closed / "postgres")
    assert not server.directory.exists()
    assert not (closed / "postgres").is_symlink()
