"""Whole pages before Django: a guest's page out of memory or Redis for a hundredth of what rendering costs.

Whatever is not plainly such a request goes on to Django: other methods and paths, who is signed in or has a message waiting,
hosts that are not ours, http that must become https, whom the limits or a stopping process turn away, and every error in
here. So this module refuses nobody and renders nothing; it repeats what Django has said, with the headers that Django gave
to the last page of the same kind.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache
from time import perf_counter
from types import TracebackType
from typing import Any, Final, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication

from django.conf import settings
from django.http import HttpResponse, parse_cookie
from django.http.request import split_domain_port, validate_host

from marketplace.core.addresses import countries
from marketplace.storefront import cart_count, whole_pages
from marketplace.storefront.country import COOKIE as COUNTRY_COOKIE
from marketplace.storefront.whole_pages import (
    CLAIM,
    PLAIN,
    TOLD,
    Variant,
    WholePage,
    guest_slots,
    key_of,
    pages,
    variant_of,
)
from monitoring.errors import report
from monitoring.limits import guard
from monitoring.metrics import tallied
from monitoring.requests import access, ids, shutdown
from monitoring.requests.client_ip import believed, trusted_proxies

Environ: TypeAlias = dict[str, Any]
Headers: TypeAlias = list[tuple[str, str]]
# Set anew for every answer; what a limit says of one visitor stands in no page for others.
_OWN: Final = frozenset({"content-length", "etag", "x-request-id", "ratelimit", "ratelimit-policy"})
_LONGEST_COOKIE: Final = 4096


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out."""

    status: int
    headers: Headers
    body: bytes
    route: str
    variant: Variant


class WholePages:
    """The application around Django's. ``secure``: the hall is served over https, told by the proxy's header."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        # Read once: each look at the settings costs as much as a dozen steps here.
        self.secure, self.hosts = bool(settings.SECURE_SSL_REDIRECT), tuple(settings.ALLOWED_HOSTS)
        # By variant, as Django last sent them from this process.
        self.headers: dict[Variant, Headers] = {}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        begun = perf_counter()
        try:
            client = _client(environ)
            answer = self._answer(environ, client)
            if answer is not None:
                return self._send(environ, start_response, answer, client, begun)
        except Exception as error:  # noqa: BLE001 - whatever fails here, Django still has the page
            _reported(error)
        return self._through_django(environ, start_response)

    # --- before Django ----------------------------------------------------------------------------------------------

    def _answer(self, environ: Environ, client: str) -> Answer | None:
        """The answer, None for a request that is Django's."""
        method = environ["REQUEST_METHOD"]
        if (method != "GET" and method != "HEAD") or "HTTP_HX_REQUEST" in environ or "HTTP_AUTHORIZATION" in environ:
            return None
        if "HTTP_IF_MATCH" in environ:
            return None
        path = environ["PATH_INFO"]
        if environ.get("SCRIPT_NAME") or not self._is_here(environ) or shutdown.refuses(path):
            return None
        variant, country, units = _visitor(environ.get("HTTP_COOKIE", ""))
        headers = self.headers.get(variant)
        key = key_of(path, environ.get("QUERY_STRING", ""), country) if headers is not None else None
        if headers is None or key is None:
            return None
        found = pages.look(key)
        if found is None or found.value is None:
            return None
        if found.stale and (claim := pages.claim(key)) is not None:
            # Somebody has to render it: everybody else gets the old one meanwhile.
            environ[CLAIM] = claim
            return None
        decision = guard.admit(path=path, method=method, has_session=False, address=client)
        if not decision.allowed:
            guard.decide(environ, decision)
            return None
        return _composed(environ, found.value, variant, units, headers)

    def _is_here(self, environ: Environ) -> bool:
        """Whether it came by the right scheme, to a host of ours: what CommonMiddleware and SecurityMiddleware ask."""
        if self.secure and environ.get("HTTP_X_FORWARDED_PROTO") != "https":
            return False
        return _host_is_ours(environ.get("HTTP_HOST", ""), self.hosts)

    def _send(
        self, environ: Environ, start_response: StartResponse, answer: Answer, client: str, begun: float
    ) -> Iterable[bytes]:
        shutdown.begin()
        try:
            request_id = ids.chosen(environ.get("HTTP_X_REQUEST_ID"))
            method = environ["REQUEST_METHOD"]
            seconds = perf_counter() - begun
            tallied.note(answer.route, method, answer.status, seconds, answer.variant)
            access.quick_line(
                request_id=request_id,
                client=access.network_of(client),
                route=f"/{answer.route}",
                method=method,
                status=answer.status,
                seconds=seconds,
                size=len(answer.body),
            )
            # Last: what fails before this is answered by Django.
            start_response(_STATUS[answer.status], [*answer.headers, (ids.HEADER, request_id)])
        finally:
            shutdown.end()
        # A list: granian sends one as it is, and fetches anything else piece by piece, giving up the interpreter for each.
        return [answer.body if method == "GET" else b""]

    # --- through Django ---------------------------------------------------------------------------------------------

    def _through_django(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        def start(
            status: str,
            headers: Headers,
            exc_info: tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None] | None = None,
            /,
        ) -> Callable[[bytes], object]:
            self._learn(environ, status, headers)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        return _at_once(self.application(environ, start))

    def _learn(self, environ: Environ, status: str, headers: Headers) -> None:
        """Keeps the headers of a page: the next one of its kind gets the same, whatever middleware has added."""
        variant: Variant | None = environ.get(TOLD)
        claim = environ.pop(CLAIM, None)
        if claim is not None:
            # Django never came so far as to render: a refusal, a redirect, an error.
            claim.drop()
        if variant not in whole_pages.KEPT or not status.startswith("200"):
            return
        names = {name.lower() for name, _ in headers}
        if "set-cookie" in names or "content-encoding" in names:
            return
        self.headers[variant] = [pair for pair in headers if pair[0].lower() not in _OWN]


@dataclass(frozen=True, slots=True)
class _Whole:
    """An answer that hangs on its page until either is another: the page, or the headers that Django has sent."""

    answer: Answer
    learnt: Headers


_STATUS: Final = {200: "200 OK", 304: "304 Not Modified"}
# RFC 9110 15.4.5: what a 304 repeats is about the page, not about its bytes.
_OF_BYTES: Final = frozenset({"content-type", "content-language"})


def _composed(environ: Environ, page: WholePage, variant: Variant, units: int, headers: Headers) -> Answer:
    if variant not in PLAIN:
        body = page.filled(guest_slots(units))
        return Answer(200, [*headers, ("Content-Length", str(len(body)))], body, page.route, variant)
    asked = environ.get("HTTP_IF_NONE_MATCH", "")
    if asked and (asked == "*" or page.etag in asked):
        kept = [pair for pair in headers if pair[0].lower() not in _OF_BYTES]
        return Answer(304, [*kept, ("ETag", page.etag)], b"", page.route, variant)
    known = page.answers.get(variant)
    if isinstance(known, _Whole) and known.learnt is headers:
        return known.answer
    body = page.nobodys
    whole = [*headers, ("ETag", page.etag), ("Content-Length", str(len(body)))]
    answer = Answer(200, whole, body, page.route, variant)
    page.answers[variant] = _Whole(answer, headers)
    return answer


def _visitor(cookies: str) -> tuple[Variant, str, int]:
    """Variant, country and units in the cart by the cookies; "personal" for whoever only Django knows."""
    if not cookies:
        return "shared", "", 0
    if len(cookies) > _LONGEST_COOKIE:
        return "personal", "", 0
    jar = parse_cookie(cookies)
    variant = variant_of(jar)
    country = jar.get(COUNTRY_COOKIE, "").upper()
    units = cart_count.remembered(jar)
    if variant == "personal" or units is None or (country and country not in _codes()):
        return "personal", "", 0
    return variant, country, units


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(code for code, _ in countries())


@lru_cache(maxsize=64)
def _host_is_ours(host: str, allowed: tuple[str, ...]) -> bool:
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, allowed)


def _client(environ: Environ) -> str:
    trusted = trusted_proxies()
    return _believed(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""), id(trusted))


@lru_cache(maxsize=2048)
def _believed(remote: str, forwarded_for: str, trusted: int) -> str:
    """``trusted`` tells one list of proxies from another: networks take longer to compare than all the rest of a request."""
    return believed(remote=remote, forwarded_for=forwarded_for, trusted=trusted_proxies())


def _at_once(response: Iterable[bytes]) -> Iterable[bytes]:
    """The answer as a list where its bytes are all there: granian sends that as it is, not piece by piece."""
    if not isinstance(response, HttpResponse):
        return response
    body = [response.content]
    try:
        response.close()
    except Exception as error:  # noqa: BLE001 - the answer is made: what fails in tidying up costs nobody theirs
        _reported(error)
    return body


def _reported(error: Exception) -> None:
    try:
        report(error)
    except Exception:  # noqa: BLE001 - the page matters more than the report
        return
