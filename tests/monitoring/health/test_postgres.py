import contextlib
import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

import psycopg
import pytest
from django.db import connection

from config.embedded.ports import free_port
from config.embedded.postgres import PostgresPlan, PostgresServer
from monitoring.health import postgres
from monitoring.health.postgres import Line, Silent


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    home = tmp_path_factory.mktemp("line")
    home.chmod(0o755)
    server = PostgresServer(
        PostgresPlan(directory=home / "postgres", log=home / "postgres.log", password="secret", durable=False)
    )
    yield server
    server.stop()


@pytest.fixture
def line() -> Iterator[Line]:
    line = Line()
    yield line
    line.close()


def backend(line: Line) -> int:
    assert line._connection is not None
    return line._connection.backend_pid


def test_the_same_connection_asks_again(server: PostgresServer, line: Line) -> None:
    assert line.ask(server.url, patience=10) == line.ask(server.url, patience=10)
    first = backend(line)
    line.ask(server.url, patience=10)
    assert backend(line) == first


def test_a_connection_that_broke_is_replaced_at_once(server: PostgresServer, line: Line) -> None:
    line.ask(server.url, patience=10)
    first = backend(line)
    with psycopg.connect(server.url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    reads_only, version = line.ask(server.url, patience=10)
    assert (reads_only, version[:2]) == (False, "18")
    assert backend(line) != first


def test_a_server_that_hangs_is_left_in_time(server: PostgresServer, line: Line) -> None:
    line.ask(server.url, patience=10)
    os.kill(backend(line), signal.SIGSTOP)
    stopped = backend(line)
    begin = time.monotonic()
    try:
        with pytest.raises(Silent, match="No answer in time"):
            line.ask(server.url, patience=0.2)
    finally:
        os.kill(stopped, signal.SIGCONT)
    assert 0.15 < time.monotonic() - begin < 0.4
    assert not line.ask(server.url, patience=10)[0]


def test_a_server_that_does_not_even_greet_is_left_in_time(server: PostgresServer, line: Line) -> None:
    os.kill(server.process.pid, signal.SIGSTOP)
    begin = time.monotonic()
    try:
        with pytest.raises(Silent, match="No answer in time"):
            line.ask(server.url, patience=0.2)
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert time.monotonic() - begin < 0.4


def test_nobody_there_is_said_at_once(line: Line) -> None:
    with pytest.raises(Silent, match="refused"):
        line.ask(f"host=127.0.0.1 port={free_port()} user=a dbname=b")


def test_a_refused_password_is_said(server: PostgresServer, line: Line) -> None:
    with pytest.raises(Silent, match="password authentication failed"):
        line.ask(server.url.replace("secret", "wrong"), patience=10)


def test_a_server_out_of_connections_still_answers_whom_it_knows(server: PostgresServer, line: Line) -> None:
    line.ask(server.url, patience=10)
    with ExitStack() as stack:
        with contextlib.suppress(psycopg.OperationalError):
            for _ in range(200):
                stack.enter_context(psycopg.connect(server.url))
        assert not line.ask(server.url, patience=10)[0]
        with pytest.raises(Silent):
            Line().ask(server.url, patience=10)


def test_it_asks_the_database_that_django_uses(db: None) -> None:
    # A busy machine may need more than a probe's patience for the first connection.
    postgres._line.ask(postgres.conninfo(), patience=10)
    finding = postgres.check()
    assert (finding.state, finding.figures["reads_only"]) == ("ok", False)
    assert f"dbname={connection.settings_dict['NAME']}" in postgres.conninfo()


def test_the_options_of_django_stay_with_django(monkeypatch: pytest.MonkeyPatch) -> None:
    options = {"pool": {"max_size": 4}, "options": "-c statement_timeout=5000", "sslmode": "require"}
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", options)
    info = postgres.conninfo()
    assert "sslmode=require" in info
    assert "pool" not in info
    assert "statement_timeout" not in info


def test_a_replica_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres._line, "ask", lambda info: (True, "18.1"))
    assert postgres.check().state == "warning"


def test_a_server_that_was_set_to_read_only_takes_no_writes(server: PostgresServer) -> None:
    """As hosts do when its disk is nearly full: it is no replica, and refuses all the same."""

    def asked() -> bool:
        fresh = Line()
        try:
            return fresh.ask(server.url, patience=10)[0]
        finally:
            fresh.close()

    with psycopg.connect(server.url, autocommit=True) as session:
        session.execute("ALTER ROLE CURRENT_USER SET default_transaction_read_only = on")
        try:
            assert asked()
        finally:
            session.execute("ALTER ROLE CURRENT_USER RESET default_transaction_read_only")
    assert not asked()


def test_a_fork_leaves_the_line_to_the_parent(db: None) -> None:
    """The child drops it without hanging up."""
    line = Line()
    line.ask(postgres.conninfo(), patience=10)
    child = os.fork()
    if child == 0:
        line.forget()
        os._exit(0 if line._connection is None else 1)
    assert os.waitpid(child, 0)[1] == 0
    known = backend(line)
    line.ask(postgres.conninfo(), patience=10)
    assert backend(line) == known
    line.close()
