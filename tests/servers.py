"""Pytest plugin: the real servers of a test run, and the environment that names them.

Loaded by `-p tests.servers` in pyproject.toml, because Django's settings are read before the first conftest. The controller
(or the single process) starts PostgreSQL and two Redis servers once; xdist's workers find them in their environment and take
Redis databases of their own. A URL that is set already is used instead; a server that is missing fails the run, never skips it.
"""

import os
import shutil
import socket
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg
import pytest

from config.embedded.errors import EmbeddedError
from config.embedded.ports import LOOPBACK, free_port
from config.embedded.scratch import Scratch
from config.embedded.servers import BROKER_URL, CACHE_URL, DATABASE, LIMITS_URL
from config.embedded.stripe import StripePlan, StripeServer
from config.env import text

REDIS_URLS = (CACHE_URL, BROKER_URL, LIMITS_URL)
CONTROL_PATH = "/_control"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# Secrets and addresses that every test process needs before settings load; a value from outside wins.
DEFAULTS = {
    "SESSION_SECRET": "test-only-session-secret-0123456789abcdefghijklmnop",
    "STRIPE_SECRET_KEY": "sk_test_awning",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_awning",
    "STRIPE_WEBHOOK_SECRET": "whsec_awning_tests",
    "STATIC_UNHASHED": "1",
    # A test run is one client in a hurry. The sign-in limit stays as it is, and counters begin anew with every test.
    "RATE_LIMIT_DEFAULT": "10000/minute",
    "RATE_LIMIT_ANONYMOUS": "10000/minute",
    "RATE_LIMIT_BURST": "10000/minute",
    "RATE_LIMIT_EXPENSIVE": "1000/minute",
    "RATE_LIMIT_CHECKOUT": "1000/minute",
    "RATE_LIMIT_UPLOAD": "1000/minute",
    "RATE_LIMIT_CONCURRENT": "1000;1000",
}


_scratch: Scratch | None = None


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, object, object]:
    """Start before pytest-django reads the settings; a wrapper runs ahead of every plain hook."""
    options = early_config.known_args_namespace
    if not (options.help or options.version):
        _set_up()
    return (yield)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Stop what was started, after everybody else has closed connections."""
    global _scratch
    if _scratch is not None:
        scratch, _scratch = _scratch, None
        scratch.end()


def pytest_configure(config: pytest.Config) -> None:
    """The live server listens where SITE_URL says, so that links and webhooks find it."""
    site = urlsplit(os.environ.get("SITE_URL", ""))
    if site.port and not config.getoption("liveserver", None):
        config.option.liveserver = f"{site.hostname}:{site.port}"


def _set_up() -> None:
    """Give this process its servers, ports and secrets through the environment."""
    global _scratch
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is not None:
        _take_own_databases(int(worker.removeprefix("gw")))
    elif _scratch is None:
        try:
            _scratch = Scratch(os.environ)
        except EmbeddedError as error:
            raise pytest.UsageError(f"the tests need real servers: {error}") from error
        _check_external(_scratch.variables)
        os.environ.update(_scratch.variables)
        os.environ.setdefault("PUBLIC_MEDIA_URL", (_scratch.home / "media").as_uri())
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    # Ports are per process: workers run their own live server and their own simulator.
    os.environ["STRIPE_API_BASE"] = f"http://{LOOPBACK}:{free_port()}"
    os.environ["SITE_URL"] = f"http://{LOOPBACK}:{free_port()}"


def _check_external(started: dict[str, str]) -> None:
    """A URL given from outside must answer now: later it would look like a hundred different failures."""
    try:
        if DATABASE not in started:
            psycopg.connect(text(DATABASE), connect_timeout=3).close()
        for name in REDIS_URLS:
            if name not in started:
                address = urlsplit(text(name))
                socket.create_connection((address.hostname or "", address.port or 6379), timeout=3).close()
    except (OSError, psycopg.Error) as error:
        raise pytest.UsageError(f"a server named by the environment does not answer: {error}") from error


def _take_own_databases(index: int) -> None:
    """Move this worker's Redis URLs to databases nobody else uses; PostgreSQL's are pytest-django's business."""
    for name in REDIS_URLS:
        parts = urlsplit(text(name))
        os.environ.pop(f"{name}_FILE", None)
        database = int(parts.path.strip("/") or 0) + index * len(REDIS_URLS)
        os.environ[name] = parts._replace(path=f"/{database}").geturl()


@dataclass(frozen=True)
class StripeSimulator:
    """The simulator of this test process: `url` is STRIPE_API_BASE, `control_url` scripts faults."""

    url: str
    control_url: str
    webhook_url: str
    webhook_secret: str


@pytest.fixture(scope="session")
def stripe_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StripeSimulator]:
    """Stripe over real HTTP, started when the first test asks; its webhooks go to this process's live server."""
    folder = tmp_path_factory.mktemp("stripe")
    webhook_url = f"{os.environ['SITE_URL']}/webhooks/stripe/"
    port = urlsplit(os.environ["STRIPE_API_BASE"]).port
    plan = StripePlan(
        data=folder / "stripe.json",
        log=folder / "stripe.log",
        webhook_url=webhook_url,
        webhook_secret=os.environ["STRIPE_WEBHOOK_SECRET"],
        port=port or 0,
    )
    server = StripeServer(plan)
    try:
        yield StripeSimulator(
            url=server.url,
            control_url=f"{server.url}{CONTROL_PATH}",
            webhook_url=webhook_url,
            webhook_secret=plan.webhook_secret,
        )
    finally:
        server.stop()


def chromium_path() -> str:
    """The browser (CHROMIUM, else the system's); none installed fails the test, and never skips it."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.fail("The browser tests need Chromium: apt-get install chromium, or set CHROMIUM to its path.")
    return found
