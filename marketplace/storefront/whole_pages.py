"""Whole pages: rendered once for everybody, with slots for what is one visitor's, and kept as bytes.

A page is rendered for a request that has no visitor: no session, no user, no cookie but the country. What is personal (the
user's menu, the number on the cart, messages) is cut out by a word that is drawn anew for each rendering, so that nothing a
person wrote can be taken for a slot, and the bytes that are kept hold no such word at all.
"""

import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache as cache_once
from functools import cached_property, lru_cache, partial
from hashlib import blake2b
from typing import Final, Literal, TypeAlias

from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.template.loader import render_to_string
from django.urls import ResolverMatch
from django.utils.cache import get_conditional_response, patch_vary_headers
from markupsafe import Markup

from marketplace.core.cache import Claim, declare
from marketplace.core.hall import currency
from marketplace.core.page_parts import Shell, Slots
from marketplace.storefront import links
from marketplace.storefront.country import COOKIE as COUNTRY_COOKIE
from marketplace.storefront.country import chosen_country
from marketplace.storefront.guest_cart import COOKIE as CART_COOKIE
from marketplace.storefront.made_with import made_with
from marketplace.storefront.shell import guest_shell, personal_shell
from monitoring.errors import report
from monitoring.limits.guard import engine

# shared: for everybody, a CDN too. guest: with a number on the cart. local: of one country.
Variant: TypeAlias = Literal["shared", "local", "guest", "personal"]
# Seconds that a CDN may keep a page, and show it while it asks for a new one; browsers always ask.
CDN_SECONDS, CDN_STALE_SECONDS = 5, 15
CACHE_CONTROL: Mapping[Variant, str] = {
    "shared": f"public, max-age=0, s-maxage={CDN_SECONDS}, stale-while-revalidate={CDN_STALE_SECONDS}",
    "local": "private, no-cache",
    "guest": "private, no-store",
    "personal": "private, no-store",
}
# Without anything of a visitor: the same bytes for all who get one of these.
PLAIN: Final = frozenset({"shared", "local"})
# What is answered before Django.
KEPT: Final = frozenset({"shared", "local", "guest"})
# Where a view says which variant it has answered, for whoever stands outside of Django.
TOLD: Final = "awning.whole_page"
# Where whoever stands outside leaves the right to render an old page anew.
CLAIM: Final = "awning.whole_page_claim"
LANGUAGE: Final = "en"

_TEXT_PAGES = frozenset({links.PROTECTION, links.HELP, links.SELLING})
_PATH = re.compile(
    rf"/(?:(?:c|p|stall)/[-a-zA-Z0-9_]{{1,200}}/|search/|stalls/)?|{'|'.join(map(re.escape, sorted(_TEXT_PAGES)))}",
    re.ASCII,
)
# What senders of links append for themselves; no page shows it.
_TRACKING = re.compile(
    r"utm_[a-z_]{1,20}|fbclid|gclid|dclid|gbraid|wbraid|msclkid|mc_cid|mc_eid|igshid|srsltid", re.ASCII
)
_NAME = re.compile(r"[a-z][-a-z0-9_]{0,39}", re.ASCII)
_QUERY = re.compile(r"[!-~]*", re.ASCII)
MOST_QUERY, MOST_PARAMETERS = 400, 12
_SLOTS: Final = ("user", "cart", "notes")


@dataclass(frozen=True)
class WholePage:
    """``parts`` with a slot between each two; ``slots`` are their names, ``route`` is the pattern that answers.

    ``digest`` is of the parts: whoever reads a page need not read through it.
    """

    parts: tuple[bytes, ...]
    slots: tuple[str, ...]
    route: str
    digest: str

    def filled(self, content: Mapping[str, bytes]) -> bytes:
        """The bytes for one visitor."""
        pieces = [self.parts[0]]
        for slot, part in zip(self.slots, self.parts[1:], strict=True):
            pieces.append(content[slot])
            pieces.append(part)
        return b"".join(pieces)

    @cached_property
    def nobodys(self) -> bytes:
        """The bytes for a visitor without a cart."""
        return self.filled(guest_slots(0))

    @cached_property
    def etag(self) -> str:
        """Of the bytes for a visitor without a cart: the parts, and what this release puts between them."""
        return f'"{self.digest}{_digest_of_slots()}"'

    @cached_property
    def answers(self) -> dict[str, object]:
        """What whoever stands outside of Django has made of this page, by variant; forgotten with the page."""
        return {}


# Not compressed: to unpack one takes as long as all the rest of an answer from Redis.
pages = declare("page", WholePage, soft=60, hard=600, compress=False)


class NotWhole(Exception):
    """What was answered is no page that may be kept. ``request`` is the one it was made for: it is sent to nobody else.

    Middleware writes cookies on an answer, so one that two visitors share would carry the one's to the other.
    """

    def __init__(self, response: HttpResponseBase, request: HttpRequest) -> None:
        super().__init__()
        self.response, self.request = response, request


class PersonalBytes(Exception):
    """A page for everybody has asked for something of one visitor."""


# --- which page ------------------------------------------------------------------------------------------------------


def key_of(path: str, query: str, country: str) -> str | None:
    """The key of a page by its address as it came in; None for what is no whole page.

    Parameters are sorted by name, those of trackers left out. Nothing of the host is in it.
    """
    if _PATH.fullmatch(path) is None:
        return None
    if query:
        tidied = _tidied(query)
        if tidied is None:
            return None
        query = tidied
    return f"{path}?{query} {made_with()} {currency()} {LANGUAGE} {country}"


def _tidied(query: str) -> str | None:
    if len(query) > 2 * MOST_QUERY or _QUERY.fullmatch(query) is None:
        return None
    kept = []
    for part in query.split("&"):
        name = part.partition("=")[0]
        if part and _TRACKING.fullmatch(name) is None:
            if _NAME.fullmatch(name) is None:
                return None
            kept.append((name, part))
    # By name alone: several values of one name stay in the order in which the page reads them.
    kept.sort(key=lambda pair: pair[0])
    text = "&".join(part for _, part in kept)
    return text if len(kept) <= MOST_PARAMETERS and len(text) <= MOST_QUERY else None


def _key_of_request(request: HttpRequest, known: frozenset[str]) -> str | None:
    """The key, None for a request whose answer would not be everybody's: it remembers a choice, or asks for the unknown."""
    if not known.issuperset(name for name in request.GET if _TRACKING.fullmatch(name) is None):
        return None
    return key_of(request.path_info, str(request.META.get("QUERY_STRING", "")), chosen_country(request))


# --- rendering -------------------------------------------------------------------------------------------------------


def answer(
    request: HttpRequest, render: Callable[[HttpRequest], HttpResponseBase], *, parameters: frozenset[str]
) -> HttpResponseBase:
    """The page for whoever asks: kept bytes with their slots filled; rendered for them alone where it is no whole page.

    ``render`` may be called with a request that has no visitor; ``parameters`` are the names it reads from the address.
    """
    key = _key_of_request(request, parameters)
    if key is not None:
        try:
            page = _page(request, key, partial(_rendered, request, render, key))
        except NotWhole as other:
            return _personal(other.response if other.request is request else render(request))
        except PersonalBytes as error:
            report(error)
        else:
            return _filled(request, page)
    return _personal(render(request))


def _page(request: HttpRequest, key: str, load: Callable[[], WholePage]) -> WholePage:
    """The kept page, rendered when there is none; whoever was given the claim renders an old one anew."""
    claim: Claim[WholePage] | None = request.META.pop(CLAIM, None)
    if claim is None:
        return pages.get(key, load)
    try:
        page = claim.run(load)
    except BaseException:
        claim.drop()
        raise
    claim.keep(page)
    return page


def _personal(response: HttpResponseBase) -> HttpResponseBase:
    response.headers.setdefault("Cache-Control", CACHE_CONTROL["personal"])
    patch_vary_headers(response, ["Cookie"])
    return response


def _rendered(request: HttpRequest, render: Callable[[HttpRequest], HttpResponseBase], key: str) -> WholePage:
    """Raises NotWhole for an answer that is not kept, PersonalBytes for one that must not be."""
    match, token = request.resolver_match, secrets.token_hex(16)
    visitorless = _without_visitor(match, key, token)
    response = render(visitorless)
    if response.status_code != 200 or response.streaming or not isinstance(response, HttpResponse):
        raise NotWhole(response, request)
    # A token in the bytes would be one visitor's, and everybody's.
    if response.cookies or "CSRF_COOKIE" in visitorless.META or hasattr(visitorless, "_csp_nonce"):
        raise PersonalBytes("A page for everybody holds a token, a nonce or a cookie.")
    pieces = re.split(rb"<!--%s ([a-z]+)-->" % token.encode(), response.content)
    return WholePage(
        parts=tuple(pieces[::2]),
        slots=tuple(name.decode() for name in pieces[1::2]),
        route=match.route if match is not None else "",
        digest=_digest(pieces),
    )


def _digest(pieces: Iterable[bytes]) -> str:
    # Lengths first: no two pages have the same bytes cut at different places.
    found = blake2b(digest_size=8)
    for piece in pieces:
        found.update(b"%d:%b" % (len(piece), piece))
    return found.hexdigest()


@cache_once
def _digest_of_slots() -> str:
    return _digest(guest_slots(0).values())


def _without_visitor(match: ResolverMatch | None, key: str, token: str) -> HttpRequest:
    """A request for the same page by nobody: whatever a page would read of a visitor is not there."""
    address, _, rest = key.partition(" ")
    path, _, query = address.partition("?")
    country = rest.rpartition(" ")[2]
    found = HttpRequest()
    found.method, found.path, found.path_info = "GET", path, path
    found.META = {"REQUEST_METHOD": "GET", "QUERY_STRING": query, "SERVER_NAME": "nobody.invalid", "SERVER_PORT": "80"}
    found.GET = QueryDict(query)
    found.COOKIES = {COUNTRY_COOKIE: country} if country else {}
    found.user = AnonymousUser()
    found.resolver_match = match
    found.slots = Slots(**{name: Markup(f"<!--{token} {name}-->") for name in _SLOTS})  # type: ignore[attr-defined]  # noqa: S704
    return found


# --- slots -----------------------------------------------------------------------------------------------------------


def _filled(request: HttpRequest, page: WholePage) -> HttpResponseBase:
    variant = variant_of(request.COOKIES, htmx="HTTP_HX_REQUEST" in request.META)
    request.META[TOLD] = variant
    if variant in PLAIN:
        response = HttpResponse(page.nobodys)
        response["ETag"] = page.etag
    else:
        response = HttpResponse(page.filled(_slots(personal_shell(request))))
    response["Cache-Control"] = CACHE_CONTROL[variant]
    patch_vary_headers(response, ["Cookie"])
    if variant in PLAIN:
        return get_conditional_response(request, page.etag, None, response) or response
    return response


def variant_of(cookies: Mapping[str, str], *, htmx: bool = False) -> Variant:
    """Which variant a visitor gets. Cookies that are not ours change nothing."""
    if htmx or not _personal_cookies().isdisjoint(cookies):
        return "personal"
    if CART_COOKIE in cookies:
        return "guest"
    return "local" if COUNTRY_COOKIE in cookies else "shared"


@cache_once
def _personal_cookies() -> frozenset[str]:
    """A session, and messages that wait to be shown."""
    return frozenset({engine().policy.session_cookie, CookieStorage.cookie_name})


@lru_cache(maxsize=256)
def guest_slots(units: int) -> Mapping[str, bytes]:
    """What a guest with so many units in the cart sees in the slots."""
    return _slots(guest_shell(units))


def _slots(shell: Shell) -> Mapping[str, bytes]:
    return {name: render_to_string(f"partials/{name}_slot.html", {"shell": shell}).encode() for name in _SLOTS}
