"""The system's PgBouncer in transaction mode before the test database, as a child process."""

import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from config.embedded.account import private_directory, remove_directory, server_account
from config.embedded.ports import LOOPBACK, free_port
from config.embedded.process import Command, ServerProcess
from tests.monitoring.database.streaming import until

# Fewer than clients: every connection to the server has several users.
SERVER_CONNECTIONS = 2


@contextmanager
def bouncer(home: Path) -> Iterator[str]:
    """Its address as a DATABASE_URL that says what it is."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    assert program, "PgBouncer is not installed: apt-get install pgbouncer"
    account, port, own = server_account(), free_port(), connection.settings_dict
    home = private_directory(home / "pgbouncer", account)
    settings = home / "pgbouncer.ini"
    password = f" password={own['PASSWORD']}" if own["PASSWORD"] else ""
    settings.write_text(
        f"[databases]\n* = host={own['HOST']} port={own['PORT']} user={own['USER']}{password}\n"
        f"[pgbouncer]\nlisten_addr = {LOOPBACK}\nlisten_port = {port}\nunix_socket_dir =\nauth_type = any\n"
        f"pool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\nmax_client_conn = 50\n"
    )
    settings.chmod(0o644)
    log = home.with_name(f"{home.name}.log")
    command = Command("pgbouncer", (program, str(settings)), directory=home, log=log, account=account)
    process = ServerProcess(command)
    try:
        until(lambda: _listens(port), "PgBouncer")
        yield f"postgres://{own['USER']}@{LOOPBACK}:{port}/{own['NAME']}?pgbouncer=true"
    finally:
        process.stop()
        remove_directory(home)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0
