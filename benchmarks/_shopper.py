"""People at the hall's door, over HTTP: what they ask for, how they buy, and what became of each request."""

import itertools
import random
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Final, Literal, TypeAlias
from urllib.parse import urljoin

import httpx

# Seconds after which people go away.
PATIENCE: Final = 10.0
# "well": it worked, or was refused for a good reason. "honest": 503 that says when to come back. "lost": all else.
Outcome: TypeAlias = Literal["well", "honest", "lost"]


@dataclass(frozen=True, slots=True)
class Visit:
    """One request: when it ended (monotonic seconds), what for, how long it took, and what came of it."""

    at: float
    kind: str
    seconds: float
    status: int
    outcome: Outcome


@dataclass
class Log:
    """What all visitors have seen."""

    visits: list[Visit] = field(default_factory=list)
    # Numbers of orders that the hall has acknowledged.
    orders: list[str] = field(default_factory=list)
    paid: int = 0

    def between(self, since: float, until: float) -> list[Visit]:
        """The visits that ended then."""
        return [visit for visit in self.visits if since <= visit.at < until]


class LostError(Exception):
    """The visitor has got no page and starts afresh."""


class _Forms(HTMLParser):
    """The fields of each form, by its action; of radio buttons the chosen one, else the first."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] = {}
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = self.forms.setdefault(given.get("action", ""), {})
        elif tag == "input" and (name := given.get("name")):
            if given.get("type") != "radio" or "checked" in given:
                self._open[name] = given.get("value", "")
            else:
                self._open.setdefault(name, given.get("value", ""))


class Visitor:
    """One browser."""

    def __init__(self, base: str, log: Log) -> None:
        self.log = log
        self.base = base
        self.client = httpx.Client(base_url=base, timeout=PATIENCE, headers={"User-Agent": "awning-chaos"})

    def get(self, kind: str, path: str) -> str:
        """A page. Raises LostError without one."""
        return self._ask(kind, "GET", path).text

    def post(self, kind: str, path: str, form: dict[str, str]) -> httpx.Response:
        """Sends a form as a browser does. Raises LostError without an answer."""
        return self._ask(kind, "POST", path, data=form, headers={"Sec-Fetch-Site": "same-origin", "Origin": self.base})

    def form(self, page: str, action: str) -> dict[str, str]:
        """The fields of the form that goes there. Raises LostError when the page has none."""
        found = _Forms(page).forms.get(action)
        if found is None:
            raise LostError(action)
        return found

    def _ask(self, kind: str, method: str, path: str, **options: object) -> httpx.Response:
        begun = time.monotonic()
        try:
            answer = self.client.request(method, path, **options)  # type: ignore[arg-type] # httpx's own options
        except httpx.HTTPError:
            self._note(kind, begun, 0, "lost")
            # A browser opens a new connection.
            self.client.close()
            self.client = httpx.Client(
                base_url=self.base, timeout=PATIENCE, headers=self.client.headers, cookies=self.client.cookies
            )
            raise LostError(path) from None
        honest = answer.status_code in (429, 503) and "retry-after" in answer.headers
        outcome: Outcome = "honest" if honest else ("lost" if answer.status_code >= 500 else "well")
        self._note(kind, begun, answer.status_code, outcome)
        if outcome != "well":
            raise LostError(path)
        return answer

    def _note(self, kind: str, begun: float, status: int, outcome: Outcome) -> None:
        now = time.monotonic()
        self.log.visits.append(Visit(now, kind, now - begun, status, outcome))


@dataclass(frozen=True)
class Hall:
    """What visitors know of the hall: where it is, what it sells, whom it knows, and the card provider's door."""

    base: str
    products: tuple[str, ...]
    shelves: tuple[str, ...]
    login: tuple[str, str]
    provider: str
    provider_key: str


def browse(hall: Hall, visitor: Visitor, dice: random.Random) -> None:
    """Somebody looks around."""
    page = dice.random()
    if page < 0.5:
        visitor.get("browse", dice.choice(hall.products))
    elif page < 0.8:
        visitor.get("browse", dice.choice(hall.shelves))
    else:
        visitor.get("browse", "/")


def search(hall: Hall, visitor: Visitor, dice: random.Random) -> None:
    """Somebody looks for what nobody has looked for: no cache can help."""
    visitor.get("search", f"/search/?q=vase&price_min={dice.randint(1, 5000)}")


def sign_in(hall: Hall, visitor: Visitor) -> None:
    """The buyer of the demo signs in."""
    page = visitor.get("sign in", "/account/login/")
    email, password = hall.login
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    if token is None:
        raise LostError("/account/login/")
    visitor.post(
        "sign in",
        "/account/login/",
        {"csrfmiddlewaretoken": token.group(1), "login": email, "password": password},
    )


def member(hall: Hall, visitor: Visitor, dice: random.Random) -> None:
    """Somebody who is signed in looks at goods and orders; being asked to sign in again counts as lost."""
    page = visitor.get("member", dice.choice([*hall.products[:5], "/orders/"]))
    if hall.login[0] not in page and "Sign out" not in page:
        last = visitor.log.visits.pop()
        visitor.log.visits.append(Visit(last.at, last.kind, last.seconds, last.status, "lost"))
        raise LostError("signed out")


_ADDRESS: Final = {
    "email": "chaos@example.test",
    "phone": "",
    "name": "Chaos Buyer",
    "line1": "Hauptplatz 1",
    "line2": "",
    "postal_code": "8010",
    "city": "Graz",
    "region": "",
    "country": "AT",
}


def buy(hall: Hall, visitor: Visitor, dice: random.Random) -> None:
    """A guest buys one thing and pays by card."""
    visitor.client.cookies.clear()
    page = visitor.get("cart", dice.choice(hall.products))
    adding = visitor.form(page, "/cart/add/")
    visitor.post("cart", "/cart/add/", {**adding, "quantity": "1"})
    address = visitor.form(visitor.get("checkout", "/checkout/"), "/checkout/address/")
    visitor.post("checkout", "/checkout/address/", {**address, **_ADDRESS})
    order = visitor.form(visitor.get("checkout", "/checkout/shipping/"), "/checkout/")
    placed = visitor.post("checkout", "/checkout/", order)
    number = re.search(r"/checkout/payment/([^/]+)/", placed.headers.get("location", ""))
    if number is None:
        raise LostError("/checkout/")
    visitor.log.orders.append(number.group(1))
    payment = visitor.get("checkout", number.group(0))
    secret = re.search(r'data-secret="(pi_\w+?)_secret', payment)
    if secret is None:
        raise LostError("payment")
    _pay(hall, visitor, secret.group(1))
    visitor.get("checkout", f"/checkout/return/?order={number.group(1)}")


def _pay(hall: Hall, visitor: Visitor, intent: str) -> None:
    """What the provider's script does in the browser."""
    try:
        answer = httpx.post(
            urljoin(hall.provider, f"/v1/payment_intents/{intent}/confirm"),
            data={"payment_method": "pm_card_visa", "return_url": hall.base},
            headers={"Authorization": f"Bearer {hall.provider_key}"},
            timeout=PATIENCE,
        )
    except httpx.HTTPError:
        raise LostError("provider") from None
    if answer.status_code == 200:
        visitor.log.paid += 1


Act: TypeAlias = Callable[[Hall, Visitor, random.Random], None]
# What people do, how many of them, and how often each (seconds).
CROWD: Final[tuple[tuple[Act, int, float], ...]] = (
    (browse, 3, 0.12),
    (search, 1, 0.5),
    (member, 1, 0.3),
    (buy, 2, 1.0),
)


class Crowd:
    """All visitors at once, each at an even pace, until the context ends."""

    def __init__(self, hall: Hall, log: Log, *, seed: int) -> None:
        self.hall, self.log, self.seed = hall, log, seed
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []

    def __enter__(self) -> "Crowd":
        number = itertools.count(self.seed)
        for act, people, every in CROWD:
            for _ in range(people):
                thread = threading.Thread(target=self._live, args=(act, every, next(number)), daemon=True)
                thread.start()
                self.threads.append(thread)
        return self

    def __exit__(self, *error: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(PATIENCE * 2)

    def _live(self, act: Act, every: float, seed: int) -> None:
        dice = random.Random(seed)
        visitor = Visitor(self.hall.base, self.log)
        known = act is not member
        while not self.over.is_set():
            begun = time.monotonic()
            try:
                if not known:
                    sign_in(self.hall, visitor)
                    known = True
                act(self.hall, visitor, dice)
            except LostError as lost:
                if str(lost) == "signed out":
                    known = False
            self.over.wait(max(0.0, every - (time.monotonic() - begun)))
