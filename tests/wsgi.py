"""The hall as its server sees it: one WSGI call, wrapper and all middleware included."""

import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIApplication

from django.core.signals import request_finished, request_started
from django.db import close_old_connections


@dataclass(frozen=True, slots=True)
class Answer:
    """``headers`` as they went out, in order; ``through_django`` says who has answered."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def __getitem__(self, name: str) -> str:
        found = [value for key, value in self.headers if key.lower() == name.lower()]
        return found[0] if found else ""

    @property
    def text(self) -> str:
        return self.body.decode()


@contextmanager
def _one_connection() -> Iterator[None]:
    """The test's own, which holds its transaction, is not closed between requests; as Django's test client does it."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    try:
        yield
    finally:
        for signal in signals:
            signal.connect(close_old_connections)


class Visitor:
    """Somebody with cookies; ``environ`` is added to each request."""

    def __init__(self, application: WSGIApplication, **environ: str) -> None:
        self.application, self.environ = application, environ
        self.cookies: dict[str, str] = {}

    def get(self, address: str, *, method: str = "GET", **environ: Any) -> Answer:
        """One request; cookies that are set or deleted are kept as a browser would."""
        path, _, query = address.partition("?")
        body: bytes = environ.pop("body", b"")
        sent = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "SCRIPT_NAME": "",
            "QUERY_STRING": query,
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "8000",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "127.0.0.1:8000",
            "REMOTE_ADDR": "203.0.113.7",
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
            **({"HTTP_COOKIE": "; ".join(f"{k}={v}" for k, v in self.cookies.items())} if self.cookies else {}),
            **({"CONTENT_LENGTH": str(len(body))} if body else {}),
            **self.environ,
            **environ,
        }
        with _one_connection():
            return self._answered(sent)

    def _answered(self, sent: dict[str, Any]) -> Answer:
        told: list[tuple[str, list[tuple[str, str]]]] = []
        pieces = self.application(sent, lambda status, headers, exc_info=None: told.append((status, headers)))  # type: ignore[arg-type]
        content = b"".join(pieces)
        if close := getattr(pieces, "close", None):
            close()
        status, headers = told[-1]
        for name, value in headers:
            if name == "Set-Cookie":
                self._keep(value)
        return Answer(int(status[:3]), tuple(headers), content)

    def post(self, address: str, form: str = "", **environ: Any) -> Answer:
        """A form, as it is encoded."""
        kind = "application/x-www-form-urlencoded"
        return self.get(address, method="POST", body=form.encode(), CONTENT_TYPE=kind, **environ)

    def _keep(self, cookie: str) -> None:
        pair, _, rest = cookie.strip().partition(";")
        name, _, value = pair.partition("=")
        if "max-age=0" in rest.lower():
            self.cookies.pop(name, None)
        else:
            self.cookies[name] = value
