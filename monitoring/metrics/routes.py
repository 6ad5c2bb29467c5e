"""The route of a request as a label: the pattern of its view, never what stood in the address."""

import os
import threading

from django.http import HttpRequest
from django.urls import Resolver404, resolve

MOST_ROUTES = 1_000
# No view has this address; scanners make millions of them.
UNMATCHED = "unmatched"
# Answered before views are looked for: a refusal, a redirect, a file.
UNROUTED = "unrouted"
OTHER = "other"

PROBES = {
    path: path.strip("/") for path in ("/healthz", "/readyz", "/health/", "/health/detailed/", "/metrics", "/status/")
}
PROBE_ROUTES = frozenset(PROBES.values())
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_CLASSES = ("1xx", "2xx", "3xx", "4xx", "5xx")
_NOT_FOUND = 404


class Names:
    """The first ``most`` names are kept, what comes later is ``other``: a label has no more values than that."""

    def __init__(self, most: int = MOST_ROUTES) -> None:
        self._most = most
        self._known: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, name: str) -> str:
        if name in self._known:
            return name
        with self._lock:
            if len(self._known) >= self._most:
                return OTHER
            self._known.add(name)
        return name

    def forget(self) -> None:
        """Starts afresh, for the child of a fork and for tests."""
        self._known, self._lock = set(), threading.Lock()


known = Names()
os.register_at_fork(after_in_child=known.forget)


def of(request: HttpRequest, status: int) -> str:
    """The label of an answered request."""
    match = request.resolver_match
    if match is not None:
        return PROBES.get(request.path_info) or known(match.route or "/")
    if request.path_info in PROBES:
        return PROBES[request.path_info]
    return UNMATCHED if status == _NOT_FOUND else UNROUTED


def of_path(path: str) -> str:
    """The label of an address of ours that a browser names."""
    try:
        return known(resolve(path).route or "/")
    except Resolver404:
        return UNMATCHED


def method_of(request: HttpRequest) -> str:
    """The method, or OTHER for one that nobody uses."""
    method = request.method or ""
    return method if method in _METHODS else "OTHER"


def class_of(status: int) -> str:
    """2xx for 204, and so on."""
    return _CLASSES[status // 100 - 1] if 100 <= status < 600 else OTHER
