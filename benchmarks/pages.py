"""The pages of the storefront at 100,000 products, uncached, whole way through Django, in this process."""

from functools import partial

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks.data.catalogue import COMMON, catalogue_of
from benchmarks.entries import Entry, at_most, milliseconds, p50, p95

PRODUCTS = 100_000
RUNS = 60
TARGET_MS = 500.0
# (address, queries allowed): a stranger, whose cart and account cost nothing.
PAGES = {
    "product": ("/p/thing-10/", 7),
    "list": ("/c/vases/", 7),
    "list_deep": ("/c/vases/?page=80&sort=price", 7),
    "search": (f"/search/?q={COMMON}", 7),
    "stall": ("/stall/stall-3/", 5),
    "home": ("/", 5),
}
NAMES = tuple(f"page.{name}.{figure}" for name in PAGES for figure in ("p50", "p95", "queries"))


def run() -> dict[str, Entry]:
    """p50 and p95 in milliseconds and the number of queries of each page."""
    results: dict[str, Entry] = {}
    with catalogue_of(PRODUCTS):
        client = Client(SERVER_NAME="127.0.0.1")
        for name, (address, queries) in PAGES.items():
            times = milliseconds(partial(_page, client, address), runs=RUNS)
            with CaptureQueriesContext(connection) as captured:
                _page(client, address)
            reference = f"{PRODUCTS:,} products, uncached, in process"
            results[f"page.{name}.p50"] = at_most(p50(times), TARGET_MS, "ms", reference)
            results[f"page.{name}.p95"] = at_most(p95(times), TARGET_MS, "ms", reference)
            results[f"page.{name}.queries"] = at_most(len(captured), queries, "queries", reference)
    return results


def _page(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200, (address, response.status_code)
