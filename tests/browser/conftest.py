"""A real Chromium for the browser tests, and a market that a whole module looks at."""

import os
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from django.db import connections
from playwright.sync_api import Browser, sync_playwright
from pytest_django import DjangoDbBlocker
from pytest_django.live_server_helper import LiveServer

from marketplace.catalog.queries import forget
from tests.browser.market import Market, a_market
from tests.servers import StripeSimulator, chromium_path
from tests.stripe_control import StripeControl

QUIET = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of this package; elsewhere its event loop would be in the way."""
    path = chromium_path()
    # Playwright keeps an event loop running in the tests' thread; Django would take every query there for an async one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
            yield browser
            browser.close()
            # The loop has connections of its own (asgiref's Local), which nobody could reach after it.
            connections.close_all()
    finally:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture(scope="module")
def market(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, stripe_simulator: StripeSimulator, site: LiveServer
) -> Iterator[Market]:
    """The market of a module whose tests only look: built once, cleared away after the last of them.

    Tests that use it are marked `django_db` without `transaction=True`, which would empty the tables after the first.
    """
    stripe = StripeControl(stripe_simulator.url)
    stripe.control("reset")
    stripe.control("webhook_endpoint", {"url": ""})
    with django_db_blocker.unblock():
        yield a_market(stripe, site.url)
        call_command("flush", verbosity=0, interactive=False)
        forget()
