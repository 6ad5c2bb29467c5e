"""Rolling restarts behind a real proxy under load: nobody notices; and the same without the way out: somebody does."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from config.embedded.ports import LOOPBACK
from tests.flows.rolling import APPLICATION, LEAVING, Fleet, Load, Proxy

pytestmark = pytest.mark.django_db(transaction=True)

RESTARTS = 20
EXIT_SECONDS = 10.0
BARE = [
    *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", LOOPBACK, "--port", "{port}", "--no-ws"),
    *("--workers", "1", "--blocking-threads", "4", "--workers-kill-timeout", "8", APPLICATION),
]


@pytest.fixture
def proxy(tmp_path: Path) -> Iterator[Proxy]:
    with Proxy(tmp_path) as proxy:
        yield proxy


@pytest.fixture
def environ() -> Iterator[dict[str, str]]:
    """What an instance needs to work in the database of this test."""
    settings = connection.settings_dict
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE rolling_post (mark text PRIMARY KEY)")
    address = f"{settings['USER']}:{settings['PASSWORD']}@{settings['HOST']}:{settings['PORT'] or 5432}"
    yield {
        "DATABASE_URL": f"postgres://{address}/{settings['NAME']}",
        "PROCESS_KIND": "web",
        "WEB_HOST": LOOPBACK,
        "WEB_WORKERS": "1",
        "DRAIN_DELAY": "0.9",
        "LOG_LEVEL": "ERROR",
    }
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE rolling_post")


def written() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT mark FROM rolling_post")
        return [mark for (mark,) in cursor.fetchall()]


def test_twenty_rolling_restarts_lose_nothing(proxy: Proxy, environ: dict[str, str]) -> None:
    load = Load(proxy.port)
    with Fleet(proxy, LEAVING, environ) as fleet:
        fleet.add()
        fleet.add()
        with load.running():
            for _ in range(RESTARTS):
                fleet.replace_oldest()
            fleet.settle()
        statuses = [instance.process.returncode for instance in fleet.left]
        slowest = max(instance.took for instance in fleet.left)
    assert load.failures == []
    assert statuses == [0] * RESTARTS
    assert slowest <= EXIT_SECONDS
    assert load.answered > 10 * RESTARTS
    # Every acknowledged write is there, and there is none that nobody was told about.
    assert sorted(written()) == sorted(load.marks)


def test_without_the_way_out_requests_are_lost(proxy: Proxy, environ: dict[str, str]) -> None:
    load = Load(proxy.port)
    with Fleet(proxy, BARE, environ) as fleet:
        fleet.add()
        fleet.add()
        with load.running():
            for _ in range(RESTARTS):
                fleet.replace_oldest()
                if load.failures:
                    break
            fleet.settle()
    assert load.failures
