"""What reading costs in writes: our session store beside Django's with SESSION_SAVE_EVERY_REQUEST, over simulated hours."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from benchmarks.entries import Entry, at_most, p50

NAMES = ("session.",)
ROUNDS, SHOPPERS, REQUESTS = 5, 10, 1000
# Each shopper opens a hundred pages in an afternoon: a page every two minutes.
AFTERNOON = timedelta(hours=3.4)
RACES = 100
_TABLES = ("hall_sessions_", "bench_stock_session")


def run() -> dict[str, Entry]:
    """Session writes per request as a ratio, and lost updates of a request that reads beside one that writes."""
    stock = _stock_store()
    ours = _our_store()
    ratios, counts = [], []
    for _ in range(ROUNDS):
        written = _afternoon(ours=ours, stock=stock)
        ratios.append(written["ours"] / written["stock"])
        counts.append(written)
    last = counts[-1]
    lost, stock_lost = _lost(ours), _lost(stock, save_every=True)
    return {
        "session.writes_per_1000": at_most(
            p50(ratios),
            0.02,
            "× of the stock store",
            f"{last['stock']} writes in {REQUESTS} requests by Django's cached_db with save-every-request, ours {last['ours']}",
        ),
        "session.lost_updates": at_most(lost, 0, f"of {RACES} races", f"{stock_lost} by the stock store"),
    }


# --- an afternoon ---------------------------------------------------------------------------------------------------


def _afternoon(*, ours: Any, stock: Any) -> dict[str, int]:
    """The same requests through both, taken in turn; how many statements each has written sessions with."""
    from django.test import override_settings
    from django.utils import timezone

    start, clock = timezone.now(), [timezone.now()]
    written = {"ours": 0, "stock": 0}
    with patch.object(timezone, "now", lambda: clock[0]):
        stores = {"ours": ours, "stock": stock}
        keys = {name: [_signed_in(store) for _ in range(SHOPPERS)] for name, store in stores.items()}
        for number in range(REQUESTS):
            clock[0] = start + AFTERNOON * (number / REQUESTS)
            shopper = number % SHOPPERS
            written["ours"] += _writes(partial(_page, "marketplace.sessions.middleware", ours, keys["ours"][shopper]))
            with override_settings(SESSION_SAVE_EVERY_REQUEST=True):
                page = partial(_page, "django.contrib.sessions.middleware", stock, keys["stock"][shopper])
                written["stock"] += _writes(page)
    return written


def _signed_in(store: Any) -> str:
    made = store()
    made["_auth_user_id"] = _shopper()
    made.save()
    key: str = made.session_key
    return key


def _shopper() -> str:
    from marketplace.accounts.models import User

    return str(User.objects.get_or_create(email="shopper@example.test")[0].pk)


def _page(module: str, store: Any, key: str) -> None:
    """One page that asks who is signed in, through the session middleware of the module."""
    from importlib import import_module

    from django.conf import settings
    from django.http import HttpRequest, HttpResponse

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse(request.session["_auth_user_id"])

    middleware = import_module(module).SessionMiddleware(view)
    middleware.SessionStore = store
    request = HttpRequest()
    request.COOKIES[settings.SESSION_COOKIE_NAME] = key
    assert middleware(request).status_code == 200


def _writes(call: Callable[[], None]) -> int:
    from django.db import connection

    count = 0

    def counting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal count
        verb = sql.lstrip().split(" ", 1)[0].upper()
        count += verb in ("INSERT", "UPDATE", "DELETE") and any(table in sql for table in _TABLES)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(counting):
        call()
    return count


# --- lost updates ---------------------------------------------------------------------------------------------------


def _lost(store: Any, *, save_every: bool = False) -> int:
    """One request only reads and is saved as its middleware would; another writes: how often what was written is gone."""
    from django.db import connections

    def run(prepared: Any, start: threading.Barrier) -> None:
        try:
            start.wait(10)
            prepared.save()
        finally:
            connections.close_all()

    lost = 0
    with ThreadPoolExecutor(2) as pool:
        for _ in range(RACES):
            key, said = _signed_in(store), uuid4().hex
            reader, writer = store(key), store(key)
            assert reader["_auth_user_id"]
            if not save_every:
                _age(key)
                reader.touch_on_save(network="")
            writer["said"] = said
            start = threading.Barrier(2)
            for job in [pool.submit(run, each, start) for each in (reader, writer)]:
                job.result()
            lost += store(key).get("said") != said
    return lost


def _age(key: str) -> None:
    """So that a touch is due."""
    from django.db.models import F

    from marketplace.sessions import ids
    from marketplace.sessions.models import Session

    Session.objects.filter(pk=ids.digest(key)).update(seen_at=F("seen_at") - timedelta(hours=3))


# --- the two stores -------------------------------------------------------------------------------------------------


def _our_store() -> Any:
    from marketplace.sessions.store import SessionStore

    return SessionStore


def _stock_store() -> Any:
    """Django's cached_db on a table of its own: the application that owns the usual one is not installed."""
    from django.contrib.sessions.backends.cached_db import SessionStore
    from django.contrib.sessions.base_session import AbstractBaseSession
    from django.db import connection

    class StockSession(AbstractBaseSession):
        class Meta:
            app_label = "hall_sessions"
            db_table = "bench_stock_session"

    class StockStore(SessionStore):
        @classmethod
        def get_model_class(cls) -> Any:
            return StockSession

    with connection.schema_editor() as editor:
        editor.create_model(StockSession)
    return StockStore
