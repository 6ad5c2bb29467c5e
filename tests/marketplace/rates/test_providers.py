"""The door to the houses: what they say in their own form, and everything they can do wrong."""

import asyncio
import contextlib
import gzip
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone

from config.embedded.rates import Server
from marketplace.core.breaker import ANSWERED, Failure
from marketplace.rates import checks
from marketplace.rates.coins import COINS, PAIRS, Pair
from marketplace.rates.providers import bitstamp, calls, coinbase, coingecko
from marketplace.rates.providers.calls import ProviderFailed, ProviderRefused
from tests.marketplace.rates.conftest import Fetch

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def answers() -> Iterator[Callable[..., str]]:
    """Starts a server that answers everything with one status, body and headers; returns its address."""
    servers: list[HTTPServer] = []

    def start(body: bytes, status: int = 200, **headers: str) -> str:
        class Always(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
                """Nothing."""

        server = HTTPServer(("127.0.0.1", 0), Always)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def silence() -> Iterator[Callable[..., str]]:
    """Starts a server that says these bytes to one caller, and then a byte at a time until nobody listens."""
    over, threads = threading.Event(), []

    def start(first: bytes, drip: bytes = b"") -> str:
        listening = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listening, contextlib.suppress(OSError):
                caller, _ = listening.accept()
                with caller:
                    caller.recv(65536)
                    caller.sendall(first)
                    while drip and not over.wait(0.1):
                        caller.sendall(drip)

        threads.append(threading.Thread(target=serve, daemon=True))
        threads[-1].start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    over.set()
    for thread in threads:
        thread.join(5)


def test_coingecko_is_asked_once_for_all(gecko: Fetch, market: Server) -> None:
    quotes = gecko(timezone.now())
    assert {entry.pair for entry in quotes} == set(PAIRS)
    verdicts = checks.judge({entry.pair: entry for entry in quotes}, last={}, now=timezone.now())
    assert set(verdicts.values()) == {"first"}
    assert len(market.house.calls) == 1


@pytest.mark.parametrize("mode", ["refuse", "refuse-date", "busy", "fail", "garbage", "empty", "nan"])
def test_a_house_that_does_not_answer_well_has_failed(gecko: Fetch, market: Server, mode: str) -> None:
    market.house.mode = mode
    with pytest.raises(ProviderFailed) as caught:
        gecko(timezone.now())
    verdict = calls.judge(caught.value)
    assert isinstance(verdict, Failure)
    assert verdict.retry_after == pytest.approx(60.0 if mode in ("refuse", "refuse-date", "busy") else 0.0, abs=2)


@pytest.mark.parametrize("mode", ["lie", "swap", "stale", "future"])
def test_what_a_lying_house_says_is_not_good(gecko: Fetch, market: Server, mode: str) -> None:
    now = timezone.now()
    honest = {entry.pair: entry for entry in gecko(now)}
    market.house.mode = mode
    told = {entry.pair: entry for entry in gecko(now) if mode != "swap" or not COINS[entry.pair.coin].pegged}
    assert set(checks.judge(told, last=honest, now=now).values()) <= {"odd", "bad"}


def test_a_dollar_coin_that_lost_its_dollar_is_odd_in_every_currency(gecko: Fetch, market: Server) -> None:
    now = timezone.now()
    honest = {entry.pair: entry for entry in gecko(now)}
    market.house.mode = "depeg"
    told = {entry.pair: entry for entry in gecko(now)}
    verdicts = checks.judge(told, last=honest, now=now)
    assert {pair.coin for pair, found in verdicts.items() if found == "odd"} == {"USDC", "USDT", "DAI"}
    assert sum(found == "odd" for found in verdicts.values()) == 18


def test_a_house_that_falls_silent_is_given_up(gecko: Fetch, market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "READ_SECONDS", 0.05)
    market.house.mode = "hang"
    with pytest.raises(ProviderFailed, match="ReadTimeout"):
        gecko(timezone.now())


def test_a_header_byte_by_byte_has_no_more_time(gecko: Fetch, market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time; the answer never does."""
    monkeypatch.setattr(calls, "TOTAL_SECONDS", 0.5)
    market.house.mode = "drip"
    begin = time.monotonic()
    with pytest.raises(ProviderFailed, match="no complete answer"):
        gecko(timezone.now())
    assert time.monotonic() - begin < 2


def test_a_body_byte_by_byte_has_no_more_time(silence: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TOTAL_SECONDS", 0.5)
    url = silence(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n", drip=b" ")
    with pytest.raises(ProviderFailed, match="no complete answer"):
        coingecko.fetch(NOW, base=url)


def test_a_house_that_never_greets_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its queue of connections is full: a connection is neither taken nor refused."""
    monkeypatch.setattr(calls, "TOTAL_SECONDS", 0.3)
    with ExitStack() as stack:
        full = stack.enter_context(socket.socket())
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        with pytest.raises(ProviderFailed, match="no complete answer"):
            coingecko.fetch(NOW, base=f"http://127.0.0.1:{full.getsockname()[1]}")


def test_an_answer_without_end_is_given_up(gecko: Fetch, market: Server) -> None:
    market.house.mode = "flood"
    with pytest.raises(ProviderFailed, match="more than 2,000,000 bytes"):
        gecko(timezone.now())


def test_a_packed_answer_is_not_unpacked(answers: Callable[..., str]) -> None:
    with pytest.raises(ProviderFailed, match="packed"):
        coingecko.fetch(NOW, base=answers(gzip.compress(b"{}" + b" " * 10_000_000), Content_Encoding="gzip"))


def test_a_loop_of_the_callers_own_is_no_hindrance(gecko: Fetch) -> None:
    async def call() -> int:
        return len(gecko(timezone.now()))

    assert asyncio.run(call()) == len(PAIRS)


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_our_own_mistake_is_not_the_houses(answers: Callable[..., str], status: int) -> None:
    with pytest.raises(ProviderRefused) as caught:
        coingecko.fetch(NOW, base=answers(b"{}", status))
    assert calls.judge(caught.value) is ANSWERED


@pytest.mark.parametrize(("status", "retry_after"), [(408, 0.0), (500, 0.0), (503, 0.0), (429, 60.0)])
def test_the_houses_own_trouble_is_a_failure(answers: Callable[..., str], status: int, retry_after: float) -> None:
    with pytest.raises(ProviderFailed) as caught:
        coingecko.fetch(NOW, base=answers(b"{}", status))
    assert calls.judge(caught.value) == Failure(f"status {status}", retry_after)


def test_a_redirect_is_not_followed(answers: Callable[..., str], gecko: Fetch, market: Server) -> None:
    with pytest.raises(ProviderFailed, match="status 302"):
        coingecko.fetch(NOW, base=answers(b"", 302, Location=market.url))
    assert market.house.calls == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"bitcoin": {"eur": true, "last_updated_at": NOW}}', b'{"bitcoin": {"eur": null, "last_updated_at": NOW}}',
        b'{"bitcoin": {"eur": "60000", "last_updated_at": NOW}}', b'{"bitcoin": {"eur": [60000], "last_updated_at": NOW}}',
        b'{"bitcoin": {"eur": 60000, "last_updated_at": 1e400}}', b'{"bitcoin": {"eur": 60000}}', b"[]", b"null", b"7",
        b'{"bitcoin": {"eur": 60000, "last_updated_at": -1}}', b'{"bitcoin": {"eur": 60000, "last_updated_at": "NOW"}}',
        b'{"bitcoin": 60000}', b'{"bitcoin": {"eur": %s, "last_updated_at": NOW}}' % (b"9" * 5000), b"[" * 100_000,
        b'{"bitcoin": {"eur": NaN, "last_updated_at": NOW}}', b'{"bitcoin": {"eur": -Infinity, "last_updated_at": NOW}}',
        b'{"bitcoin": {"eur": 1e999, "last_updated_at": NOW}}', b'{"bitcoin": {"eur": 1e-999, "last_updated_at": NOW}}',
        b'{"bitcoin": {"eur": 60000, "eur": 1, "last_updated_at": NOW}}', b"\xff\xfe{}", b"",
        b'{"Bitcoin": {"eur": 60000, "last_updated_at": NOW}}', b'{"eur": {"bitcoin": 60000, "last_updated_at": NOW}}',
    ],
)  # fmt: skip
def test_garbage_holds_no_price(answers: Callable[..., str], body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        coingecko.fetch(NOW, base=answers(body.replace(b"NOW", b"1795339800")))


@pytest.mark.parametrize(
    "text",
    ["60_000", " 60000", "60000 ", "\u0666\u0660", "NaN", "Infinity", "-0", "-1", "1e999", "0x10", "", "1,5", "+1"],
)
def test_a_written_number_is_plain_digits(text: str) -> None:
    assert calls.written(text) is None
    assert calls.written("60000.50") == Decimal("60000.50")


def test_prices_are_exact(answers: Callable[..., str]) -> None:
    url = answers(b'{"bitcoin": {"eur": 60000.123456789012, "last_updated_at": 1795339800}}')
    (quoted,) = coingecko.fetch(NOW, base=url)
    assert (quoted.price, quoted.quoted_at) == (Decimal("60000.123456789012"), NOW)


def test_coinbase_prices_are_one_rate_through_another(answers: Callable[..., str]) -> None:
    url = answers(
        b'{"data": {"currency": "USD", "rates": {"BTC": "0.00002", "USD": "1.0", "EUR": "0.9", "ETH": "0", "SOL": "x"}}}'
    )
    found = {entry.pair: entry.price for entry in coinbase.fetch(NOW, base=url)}
    assert found == {Pair("BTC", "USD"): Decimal(50_000), Pair("BTC", "EUR"): Decimal(45_000)}


def test_bitstamp_names_its_markets(answers: Callable[..., str]) -> None:
    url = answers(
        b'[{"pair": "BTC/EUR", "last": "60000.5", "timestamp": "1795339800"}, {"pair": "BTC/JPY", "last": "1", '
        b'"timestamp": "1795339800"}, {"pair": "ETH/EUR", "last": "-"}, 5]'
    )
    (quoted,) = bitstamp.fetch(NOW, base=url)
    assert (quoted.pair, quoted.price, quoted.quoted_at) == (Pair("BTC", "EUR"), Decimal("60000.5"), NOW)


def test_the_key_is_sent_and_never_told(answers: Callable[..., str]) -> None:
    with pytest.raises(ProviderFailed) as caught:
        coingecko.fetch(NOW, base="http://127.0.0.1:1", key="CG-canary-key")
    assert "canary" not in repr(caught.value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("120", 120.0), ("soon", 60.0), ("", 60.0), ("9" * 40, 999_999_999.0), ("\u0663", 60.0), ("-5", 60.0)],
)
def test_retry_after_is_read_as_seconds_or_guessed(text: str, seconds: float) -> None:
    assert calls._wait(text) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert calls._wait("Wed, 01 Jan 2020 00:00:00 GMT") == 0.0
    assert calls._wait(formatdate(time.time() + 90, usegmt=True)) == pytest.approx(90, abs=2)
    assert calls._wait("Fri, 31 Dec 9999 23:59:59 -2300") == calls.UNKNOWN_WAIT


@pytest.mark.parametrize(
    "body",
    [
        b'{"data": {"currency": "EUR", "rates": {"USD": "1", "BTC": "0.00002", "EUR": "1"}}}',
        b'{"data": {"currency": "USD", "rates": {"USD": "1.1", "BTC": "0.00002", "EUR": "1"}}}',
        b'{"data": {"currency": "USD", "rates": {"BTC": "0.00002", "EUR": "0.9"}}}',
        b'{"data": {"currency": "USD", "rates": {"USD": "1", "BTC": 0.00002}}}',
        b'{"data": {"currency": "USD", "rates": {"USD": "1", "BTC": "0"}}}',
    ],
)
def test_rates_against_something_else_than_the_dollar_are_no_prices(answers: Callable[..., str], body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        coinbase.fetch(NOW, base=answers(body))


def test_an_answer_without_a_time_is_no_price(silence: Callable[..., str]) -> None:
    body = b'{"data": {"currency": "USD", "rates": {"USD": "1", "BTC": "0.00002"}}}'
    url = silence(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
    with pytest.raises(ProviderFailed, match="without a time"):
        coinbase.fetch(NOW, base=url)


@pytest.mark.parametrize("where", ["header", "parameter"])
def test_the_stand_in_wants_its_key_as_the_house_does(market: Server, where: str) -> None:
    market.house.key = "CG-secret"
    with pytest.raises(ProviderRefused, match="status 401"):
        coingecko.fetch(NOW, base=market.url)
    if where == "header":
        assert len(coingecko.fetch(NOW, base=market.url, key="CG-secret")) == len(PAIRS)
    else:
        told = calls.get(f"{market.url}/ping", params={"x_cg_demo_api_key": "CG-secret"})
        assert told.content == {"gecko_says": "(V3) To the Moon!"}
