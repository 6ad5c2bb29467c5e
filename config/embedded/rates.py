"""A rate provider on this machine: speaks CoinGecko's public interface, moves like a market, and misbehaves when told to.

`python -m config.embedded.rates --port N` prints {"ready": true, "url": …}. `POST /_control` with {"mode": …} sets what the
next answers are: good, refuse (429), fail (500), hang, garbage, empty, lie (ten times the price), stale, future.
"""

import json
import math
import random
import sys
import threading
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs, urlsplit

LOOPBACK: Final = "127.0.0.1"
# US dollars where each walk begins, by CoinGecko's names.
STARTS: Final = {
    "bitcoin": 66_000.0, "ethereum": 2_500.0, "litecoin": 85.0, "bitcoin-cash": 400.0, "ripple": 2.0, "solana": 150.0,
    "cardano": 0.6, "dogecoin": 0.15, "polkadot": 4.0, "tron": 0.25, "stellar": 0.25, "avalanche-2": 20.0,
    "usd-coin": 1.0, "tether": 1.0, "dai": 1.0,
}  # fmt: skip
DOLLARS: Final = {"usd": 1.0, "eur": 1.1, "gbp": 1.3, "chf": 1.2, "pln": 0.26, "sek": 0.1}
PEGGED: Final = frozenset({"usd-coin", "tether", "dai"})
# Spread of a coin's price over a day, as a share of it; a dollar coin hardly moves.
DAILY, PEGGED_DAILY = 0.03, 0.0005
MODES: Final = ("good", "refuse", "fail", "hang", "garbage", "empty", "lie", "stale", "future")
HANG_SECONDS: Final = 30.0
_DAY: Final = 86_400.0


@dataclass
class Market:
    """Prices by a seeded random walk in time; the same seed and time give the same price only within one run."""

    seed: int
    mode: str = "good"
    calls: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _prices: dict[str, float] = field(default_factory=lambda: dict(STARTS))
    _at: float = field(default_factory=time.time)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a market, not a secret

    def prices(self, now: float) -> dict[str, float]:
        """US dollars per coin now: each coin has moved by what the time since the last look allows."""
        with self._lock:
            spread = math.sqrt(max(0.0, now - self._at) / _DAY)
            self._at = now
            for coin, price in self._prices.items():
                daily = PEGGED_DAILY if coin in PEGGED else DAILY
                moved = price * math.exp(self._random.gauss(0.0, daily * spread))
                # A dollar coin is pulled back to its dollar.
                self._prices[coin] = moved + (1.0 - moved) * 0.5 if coin in PEGGED else moved
            return dict(self._prices)

    def called(self, now: float) -> str:
        """Notes a call and returns how to answer it."""
        with self._lock:
            self.calls.append(now)
            return self.mode


class Handler(BaseHTTPRequestHandler):
    """One request; the market hangs on the server."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/_control":
            self._answer(200, {"calls": self.server.market.calls, "mode": self.server.market.mode})
        elif parts.path.endswith("/simple/price"):
            self._simple_price(parse_qs(parts.query))
        else:
            self._answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), 10_000)
        try:
            asked = json.loads(self.rfile.read(length))
            mode = asked["mode"]
        except (ValueError, KeyError, TypeError):
            return self._answer(400, {"error": 'send {"mode": "good"}'})
        if self.path != "/_control" or mode not in MODES:
            return self._answer(400, {"error": f"modes: {', '.join(MODES)}"})
        self.server.market.mode = mode
        self.server.market.calls.clear()
        return self._answer(200, {"mode": mode})

    def _simple_price(self, query: dict[str, list[str]]) -> None:
        now = time.time()
        market = self.server.market
        mode = market.called(now)
        if mode == "refuse":
            return self._answer(429, {"status": {"error_code": 429}}, {"Retry-After": "60"})
        if mode == "fail":
            return self._answer(500, {"error": "internal"})
        if mode == "hang":
            market.stopping.wait(HANG_SECONDS)
            return None
        if mode == "garbage":
            return self._raw(200, b'{"bitcoin": {"usd": NaN, "eur": "\xf0\x9f\x92\xa9", "last_updated_at": "now"')
        if mode == "empty":
            return self._answer(200, {})
        return self._answer(200, _simple_price(market.prices(now), query, mode, now))

    def _answer(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(content).encode(), headers)

    def _raw(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: the demo's log shows what matters."""


def _simple_price(prices: dict[str, float], query: dict[str, list[str]], mode: str, now: float) -> dict[str, object]:
    coins = ",".join(query.get("ids", [])).split(",")
    fiats = ",".join(query.get("vs_currencies", [])).lower().split(",")
    factor = 10.0 if mode == "lie" else 1.0
    shift = {"stale": -3600, "future": 3600}.get(mode, 0)
    found: dict[str, object] = {}
    for coin in coins:
        if coin in prices:
            entry = {fiat: prices[coin] * factor / DOLLARS[fiat] for fiat in fiats if fiat in DOLLARS}
            found[coin] = {**entry, "last_updated_at": int(now) + shift}
    return found


class Server(ThreadingHTTPServer):
    """The provider; ``url`` goes into RATES_API_BASE."""

    daemon_threads = True

    def __init__(self, port: int, market: Market) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.market = market
        self.url = f"http://{LOOPBACK}:{self.server_address[1]}"


def main() -> int:
    """Serve until told to stop."""
    parser = ArgumentParser(prog="config.embedded.rates", description="A rate provider for the demo.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    server = Server(options.port, Market(options.seed))
    print(json.dumps({"ready": True, "url": server.url}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
