"""The door to the houses: what they say in their own form, and everything they can do wrong."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.utils import timezone

from config.embedded.rates import Server
from marketplace.core.breaker import ANSWERED, Failure
from marketplace.rates import checks
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.providers import bitstamp, calls, coinbase, coingecko
from marketplace.rates.providers.calls import ProviderFailed, ProviderRefused
from tests.marketplace.rates.conftest import Fetch

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


@pytest.fixture
def answers() -> Callable[..., str]:
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


def test_coingecko_is_asked_once_for_all(gecko: Fetch, market: Server) -> None:
    quotes = gecko(timezone.now())
    assert {entry.pair for entry in quotes} == set(PAIRS)
    assert all(checks.judge(entry, last=None, now=timezone.now()) == "good" for entry in quotes)
    assert len(market.market.calls) == 1


@pytest.mark.parametrize("mode", ["refuse", "fail", "garbage", "empty"])
def test_a_house_that_does_not_answer_well_has_failed(gecko: Fetch, market: Server, mode: str) -> None:
    market.market.mode = mode
    with pytest.raises(ProviderFailed) as caught:
        gecko(timezone.now())
    verdict = calls.judge(caught.value)
    assert isinstance(verdict, Failure)
    assert verdict.retry_after == (60.0 if mode == "refuse" else 0.0)


@pytest.mark.parametrize("mode", ["lie", "stale", "future"])
def test_what_a_lying_house_says_is_not_good(gecko: Fetch, market: Server, mode: str) -> None:
    now = timezone.now()
    honest = {entry.pair: entry for entry in gecko(now)}
    market.market.mode = mode
    assert {checks.judge(entry, last=honest[entry.pair], now=now) for entry in gecko(now)} <= {"odd", "bad"}


def test_a_house_that_hangs_is_given_up(gecko: Fetch, market: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "READ_SECONDS", 0.05)
    market.market.mode = "hang"
    with pytest.raises(ProviderFailed, match="ReadTimeout"):
        gecko(timezone.now())


def test_an_answer_without_end_is_given_up(answers: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "MOST_BYTES", 1000)
    with pytest.raises(ProviderFailed, match="more than"):
        coingecko.fetch(NOW, base=answers(b" " * 2000))


def test_a_slow_trickle_is_given_up(answers: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "TOTAL_SECONDS", 0.0)
    with pytest.raises(ProviderFailed, match="no complete answer"):
        coingecko.fetch(NOW, base=answers(b"{}"))


@pytest.mark.parametrize("status", [400, 401, 403, 404])
def test_our_own_mistake_is_not_the_houses(answers: Callable[..., str], status: int) -> None:
    with pytest.raises(ProviderRefused) as caught:
        coingecko.fetch(NOW, base=answers(b"{}", status))
    assert calls.judge(caught.value) is ANSWERED


def test_a_redirect_is_not_followed(answers: Callable[..., str], gecko: Fetch, market: Server) -> None:
    with pytest.raises(ProviderFailed, match="status 302"):
        coingecko.fetch(NOW, base=answers(b"", 302, Location=market.url))
    assert market.market.calls == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"bitcoin": {"eur": true, "last_updated_at": 1}}', b'{"bitcoin": {"eur": null, "last_updated_at": 1}}',
        b'{"bitcoin": {"eur": "6e9999999", "last_updated_at": 1}}', b'{"bitcoin": {"eur": [60000], "last_updated_at": 1}}',
        b'{"bitcoin": {"eur": 60000, "last_updated_at": 1e400}}', b'{"bitcoin": {"eur": 60000}}', b"[]", b"null", b"7",
        b'{"bitcoin": 60000}', b'{"bitcoin": {"eur": %s, "last_updated_at": 1}}' % (b"9" * 5000), b"[" * 100_000,
        b'{"bitcoin": {"eur": NaN, "last_updated_at": 1}}', b'{"bitcoin": {"eur": Infinity, "last_updated_at": 1}}',
    ],
)  # fmt: skip
def test_garbage_holds_no_price(answers: Callable[..., str], body: bytes) -> None:
    with pytest.raises(ProviderFailed):
        coingecko.fetch(NOW, base=answers(body))


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


@pytest.mark.parametrize(("text", "seconds"), [("120", 120.0), ("soon", 60.0), ("", 60.0), ("9" * 40, 60.0)])
def test_retry_after_is_read_as_seconds_or_guessed(text: str, seconds: float) -> None:
    assert calls._wait(text) == seconds


def test_retry_after_may_be_a_date() -> None:
    assert calls._wait("Wed, 01 Jan 2020 00:00:00 GMT") == 0.0
