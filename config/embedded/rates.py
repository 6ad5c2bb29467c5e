"""A rate provider on this machine: speaks CoinGecko's public interface, moves like a market, and misbehaves when told to.

`python -m config.embedded.rates --port N` prints {"ready": true, "url": …}, the base of its API. `POST /_control` with
{"mode": …} sets what the next answers are (`MODES`); "random" is any of them each time, by the seed. `GET /_control` tells
when it was called. With `--key` it answers 401 to whoever does not send it, in the header or the parameter of CoinGecko.
"""

import json
import random
import sys
import threading
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

from config.embedded.rates_market import DOLLARS, PEGGED, STARTS, Market

Prices: TypeAlias = dict[str, dict[str, float]]

LOOPBACK: Final = "127.0.0.1"
API: Final = "/api/v3"
KEYS: Final = ("x-cg-demo-api-key", "x-cg-pro-api-key")
HANG_SECONDS: Final = 30.0
# good; refuse (429, with seconds or a date), busy (503), fail (500); hang, drip (a byte of a header a second), flood (no end);
# garbage, empty; lie (ten times the price), mixed (one coin of them), swap (currency per coin turned round), depeg, nan;
# stale and future (an hour away).
MODES: Final = (
    "good", "refuse", "refuse-date", "busy", "fail", "hang", "drip", "flood", "garbage", "empty", "lie", "mixed",
    "swap", "depeg", "nan", "stale", "future",
)  # fmt: skip
QUICK: Final = tuple(mode for mode in MODES if mode not in ("hang", "drip", "flood"))


@dataclass
class House:
    """The provider: its market, how it answers now, and when it was called."""

    seed: int
    key: str = ""
    mode: str = "good"
    calls: list[float] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.market = Market(self.seed)
        self._random = random.Random(self.seed)  # noqa: S311 - a lottery of misbehaviour, not a secret

    def called(self, now: float) -> str:
        """Notes a call and returns how to answer it."""
        with self._lock:
            self.calls.append(now)
            return self._random.choice(QUICK) if self.mode == "random" else self.mode

    def told(self, mode: str) -> None:
        """From now on it answers like that; the list of calls begins anew."""
        with self._lock:
            self.mode = mode
            self.calls.clear()


class Handler(BaseHTTPRequestHandler):
    """One request; the house hangs on the server."""

    server: "Server"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        house = self.server.house
        if parts.path == "/_control":
            self._answer(200, {"calls": house.calls, "mode": house.mode})
        elif house.key and house.key not in self._keys(query):
            self._answer(401, {"status": {"error_code": 10002, "error_message": "API key missing or wrong"}})
        elif parts.path == f"{API}/ping":
            self._answer(200, {"gecko_says": "(V3) To the Moon!"})
        elif parts.path == f"{API}/simple/supported_vs_currencies":
            self._answer(200, list(DOLLARS))
        elif parts.path == f"{API}/coins/list":
            self._answer(200, [{"id": coin, "name": coin.title()} for coin in STARTS])
        elif parts.path == f"{API}/simple/price":
            self._simple_price(query)
        else:
            self._answer(404, {"error": "not found"})

    def do_POST(self) -> None:
        length = min(int(self.headers.get("Content-Length") or 0), 10_000)
        try:
            mode = json.loads(self.rfile.read(length))["mode"]
        except (ValueError, KeyError, TypeError):
            return self._answer(400, {"error": 'send {"mode": "good"}'})
        if self.path != "/_control" or mode not in (*MODES, "random"):
            return self._answer(400, {"error": f"POST /_control; modes: {', '.join((*MODES, 'random'))}"})
        self.server.house.told(mode)
        return self._answer(200, {"mode": mode})

    def _keys(self, query: dict[str, list[str]]) -> list[str]:
        parameters = [value for name in KEYS for value in query.get(name.replace("-", "_"), [])]
        return [*parameters, *(self.headers.get(name, "") for name in KEYS)]

    def _simple_price(self, query: dict[str, list[str]]) -> None:
        now = time.time()
        house = self.server.house
        missing = [name for name in ("ids", "vs_currencies") if not query.get(name)]
        if missing:
            return self._answer(422, {"error": f"Missing parameter {missing[0]}"})
        mode = house.called(now)
        if mode in ("refuse", "refuse-date", "busy", "fail"):
            return self._decline(mode, now)
        if mode in ("hang", "drip"):
            return self._keep_waiting(drip=mode == "drip")
        if mode == "flood":
            return self._raw(200, b" " * 2**24)
        if mode == "garbage":
            return self._raw(200, b'{"bitcoin": {"usd": NaN, "eur": "\xf0\x9f\x92\xa9", "last_updated_at": "now"')
        if mode == "empty":
            return self._answer(200, {})
        return self._answer(200, simple_price(house.market.prices(now), query, mode, now))

    def _decline(self, mode: str, now: float) -> None:
        if mode == "fail":
            return self._answer(500, {"error": "internal"})
        after = formatdate(now + 60, usegmt=True) if mode == "refuse-date" else "60"
        status = 503 if mode == "busy" else 429
        return self._answer(status, {"status": {"error_code": status}}, {"Retry-After": after})

    def _keep_waiting(self, *, drip: bool) -> None:
        deadline = time.monotonic() + HANG_SECONDS
        try:
            while time.monotonic() < deadline and not self.server.house.stopping.wait(0.2 if drip else HANG_SECONDS):
                if drip:
                    self.wfile.write(b"x")
                    self.wfile.flush()
        except OSError:
            pass
        self.close_connection = True

    def _answer(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        self._raw(status, json.dumps(content).encode(), headers)

    def _raw(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            # Whoever asked has heard enough.
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Nothing: the demo's log shows what matters."""


def simple_price(prices: Prices, query: dict[str, list[str]], mode: str, now: float) -> dict[str, object]:
    """CoinGecko's answer about the coins and currencies that were asked for; what it does not know is left out."""
    coins = ",".join(query.get("ids", [])).lower().split(",")
    fiats = ",".join(query.get("vs_currencies", [])).lower().split(",")
    shift = {"stale": -3600, "future": 3600}.get(mode, 0)
    dated = query.get("include_last_updated_at") == ["true"]
    precision = query.get("precision", [""])[-1]
    found: dict[str, object] = {}
    for coin in coins:
        if coin in prices:
            entry = {
                fiat: _rounded(_told(coin, prices[coin][fiat], mode), precision) for fiat in fiats if fiat in DOLLARS
            }
            found[coin] = {**entry, **({"last_updated_at": int(now) + shift} if dated else {})}
    return found


def _told(coin: str, price: float, mode: str) -> float:
    """What is said of a price in a mode."""
    if mode == "lie" or (mode == "mixed" and coin == "bitcoin"):
        return price * 10
    if mode == "swap":
        return 1 / price
    if mode == "depeg" and coin in PEGGED:
        return price * 0.9
    return float("nan") if mode == "nan" else price


def _rounded(price: float, precision: str) -> float:
    if precision == "full":
        return price
    places = min(int(precision), 18) if precision.isdecimal() else 2 if price >= 1 else 6
    return round(price, places)


class Server(ThreadingHTTPServer):
    """The provider; ``url`` goes into RATES_API_BASE."""

    daemon_threads = True

    def __init__(self, port: int, house: House) -> None:
        super().__init__((LOOPBACK, port), Handler)
        self.house = house
        self.url = f"http://{LOOPBACK}:{self.server_address[1]}{API}"


def main() -> int:
    """Serve until told to stop."""
    parser = ArgumentParser(prog="config.embedded.rates", description="A rate provider for the demo.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--key", default="", help="answer only to who sends it")
    options = parser.parse_args()
    server = Server(options.port, House(options.seed, options.key))
    print(json.dumps({"ready": True, "url": server.url}), flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main())
