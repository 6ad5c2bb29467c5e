"""Three rate providers that lie, fail, hang and stumble by a seed, and know the truth: what the adversarial run stands on.

Each house has lies of its own, so that no two of them ever tell the same one: that two sources agree on a lie is beyond what
any check can see. What they told, and when they were asked, is kept.
"""

import json
import math
import random
import threading
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

from marketplace.rates.coins import COINS, FIATS, PAIRS, Pair, builtin

HOUSES: Final = ("coingecko", "coinbase", "bitstamp")
# How far a true price may be from the truth of its second, and how far the smallest lie is.
TRUE: Final = 0.03
# Coins that an answer names once they lie: little of each, so that many answers are heard and compared.
FEW: Final = 6
# Factors that are lies by themselves and never within 3 % of another house's.
LIES: Final = {"coingecko": (1.35, 9.0), "coinbase": (0.1, 0.7), "bitstamp": (15.0, 90.0)}
DEPEGS: Final = {"coingecko": 0.9, "coinbase": 1.12, "bitstamp": 0.8}
WEIGHTS: Final = {
    "good": 30, "lie": 8, "one": 10, "fiat": 6, "depeg": 5, "stale": 5, "future": 5, "poison": 12, "twice": 3,
    "garbage": 6, "limit": 3, "fail": 4, "busy": 1, "away": 1, "refuse": 2, "hang": 1, "drip": 1, "flood": 1,
}  # fmt: skip
# Neither JSON that holds a price, nor a price.
GARBAGE: Final = (
    b"", b"{", b"null", b"[]", b"{}", b"7", b'"up"', b"<html>", b"\xff\xfe\x00", b"[" * 50_000, b'{"data": 7}',
    b'{"bitcoin": {"usd": 66000', b'[{"pair": 1}]', b'{"data": {"currency": "USD", "rates": []}}',
)  # fmt: skip
POISON: Final = (
    "NaN", "Infinity", "-Infinity", "1e999", "-1e999", "1e-999", "0", "-0.0", "-1", "true", "false", "null", "[1]", '""',
    '"NaN"', '"1_000"', '" 1"', '"\\u0661"', '"-1"', '"0"', '"1e99"', '"x"', "9" * 400, '{"usd": 1}',
)  # fmt: skip


def truth(pair: Pair, at: float) -> float:
    """What the pair is worth: all coins swing together by 4 %, dollar coins stand still."""
    swing = 1.0 if COINS[pair.coin].pegged else 1 + 0.04 * math.sin(at / 11)
    return float(builtin(pair)) * swing


def is_true(pair: Pair, price: float, at: float) -> bool:
    """Whether that was the price at that second."""
    return abs(price / truth(pair, at) - 1) <= TRUE


@dataclass
class Telling:
    """One answer in the making: dollars per coin and per currency, its time, and texts that stand in place of prices."""

    at: float
    coins: dict[str, float]
    fiats: dict[str, float]
    poison: dict[str, str] = field(default_factory=dict)
    twice: str = ""


@dataclass
class House:
    """What one of them was asked when, and what it answered; ``manner`` "random" is by the weights."""

    name: str
    seed: int
    manner: str = "good"
    calls: list[tuple[float, str]] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(f"{self.seed}-{self.name}")

    def asked(self) -> tuple[str, random.Random]:
        """Notes the call; how to answer it, and the chance to do it by."""
        with self._lock:
            kind = self.manner
            if kind == "random":
                kind = self._random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
            self.calls.append((time.time(), kind))
            return kind, random.Random(self._random.random())

    def telling(self, kind: str, chance: random.Random) -> Telling:
        """The truth, bent as the kind says."""
        now = time.time()
        named = chance.sample(list(COINS), FEW) if self.manner == "random" else COINS
        told = Telling(
            now,
            {coin: truth(Pair(coin, "USD"), now) for coin in named},
            {fiat: 1 / float(builtin(Pair("USDC", fiat))) for fiat in FIATS},
        )
        if kind == "lie":
            factor = chance.uniform(*LIES[self.name])
            told.coins = {coin: price * factor for coin, price in told.coins.items()}
        elif kind == "one" or (kind == "fiat" and self.name != "coinbase"):
            told.coins[chance.choice(list(told.coins))] *= chance.uniform(*LIES[self.name])
        elif kind == "fiat":
            told.fiats[chance.choice(FIATS[1:])] *= chance.choice((0.3, 0.91, 1.09, 4.0))
        elif kind == "depeg":
            coin = chance.choice([code for code, coin in COINS.items() if coin.pegged])
            told.coins[coin] = truth(Pair(coin, "USD"), now) * DEPEGS[self.name]
        elif kind in ("stale", "future"):
            told.at += chance.uniform(310, 9_000) * (-1 if kind == "stale" else 1)
        elif kind == "poison":
            told.poison = {coin: chance.choice(POISON) for coin in chance.sample(list(told.coins), 4)}
        elif kind == "twice":
            told.twice = chance.choice(list(told.coins))
        return told

    def written(self, told: Telling) -> str:
        """The answer in the house's own form."""
        return {"coingecko": _coingecko, "coinbase": _coinbase, "bitstamp": _bitstamp}[self.name](told)


def _coingecko(told: Telling) -> str:
    entries = []
    for code, dollars in told.coins.items():
        prices = [f'"{fiat.lower()}": {told.poison.get(code) or repr(dollars / told.fiats[fiat])}' for fiat in FIATS]
        if code == told.twice:
            prices.append('"usd": 1')
        entries.append(f'"{COINS[code].coingecko}": {{{", ".join(prices)}, "last_updated_at": {int(told.at)}}}')
    return f"{{{', '.join(entries)}}}"


def _coinbase(told: Telling) -> str:
    rates = [
        f'"{fiat}": "{1 / dollars:.12f}"' if fiat != "USD" else '"USD": "1"' for fiat, dollars in told.fiats.items()
    ]
    rates += [
        f'"{code}": {told.poison.get(code) or json.dumps(f"{1 / price:.18f}")}' for code, price in told.coins.items()
    ]
    if told.twice:
        rates.append(f'"{told.twice}": "1"')
    return f'{{"data": {{"currency": "USD", "rates": {{{", ".join(rates)}}}}}}}'


def _bitstamp(told: Telling) -> str:
    entries = []
    for pair in (pair for pair in PAIRS if pair.coin in told.coins):
        last = told.poison.get(pair.coin) or json.dumps(f"{told.coins[pair.coin] / told.fiats[pair.currency]:.12f}")
        entries.append(f'{{"pair": "{pair}", "last": {last}, "timestamp": "{int(told.at)}"}}')
        if pair.coin == told.twice:
            entries.append(f'{{"pair": "{pair}", "last": "1", "timestamp": "{int(told.at)}"}}')
    return f"[{', '.join(entries)}]"


class Handler(BaseHTTPRequestHandler):
    """One answer of the house that the path begins with."""

    server: "Liars"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        house = self.server.houses[self.path.split("/")[1]]
        kind, chance = house.asked()
        self.close_connection = True
        if kind in ("hang", "drip"):
            self._wait(drip=kind == "drip")
        elif kind in ("limit", "fail", "busy", "away", "refuse"):
            status = {"limit": 429, "fail": 500, "busy": 503, "away": 302, "refuse": 401}[kind]
            dates = (formatdate(time.time() + 5, usegmt=True), "Fri, 31 Dec 9999 23:59:59 -2300")
            after = chance.choice(("1", "0", "-3", "9" * 30, "soon", *dates))
            self._say(status, b"{}", {"Retry-After": after, "Location": "/elsewhere"})
        elif kind == "flood":
            self._say(200, b" " * 3_000_000)
        elif kind == "garbage":
            self._say(200, chance.choice(GARBAGE))
        else:
            told = house.telling(kind, chance)
            self._say(200, house.written(told).encode(), {"Date": formatdate(told.at, usegmt=True)})

    def _say(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response_only(status)
        for name, value in {"Content-Length": str(len(body)), "Connection": "close", **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            return

    def _wait(self, *, drip: bool) -> None:
        """Says nothing, or a byte of nothing now and then, until nobody listens any more."""
        try:
            for _ in range(200):
                if self.server.over.wait(0.05):
                    return
                if drip:
                    self.wfile.write(b"x")
        except OSError:
            return

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
        """Nothing."""


class Liars(ThreadingHTTPServer):
    """All three, each under its name: ``url("coinbase")``."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, seed: int) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.houses = {name: House(name, seed) for name in HOUSES}
        self.over = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()

    def url(self, house: str) -> str:
        """The base of a house's API."""
        return f"http://127.0.0.1:{self.server_address[1]}/{house}"

    def behave(self, manner: str) -> None:
        """How all of them answer from now on."""
        for house in self.houses.values():
            house.manner = manner

    @property
    def answers(self) -> int:
        """How often they were asked."""
        return sum(len(house.calls) for house in self.houses.values())

    def close(self) -> None:
        """Ends it."""
        self.over.set()
        self.shutdown()
        self.server_close()
        self._thread.join(5)
