"""Hosted pages and the browser script: everything that is not the API."""

from collections.abc import Callable
from pathlib import Path

from payments.simulator import hosted_checkout, hosted_onboarding, hosted_secure
from payments.simulator.api import Simulator
from payments.simulator.errors import ApiError
from payments.simulator.html import message_page
from payments.simulator.shapes import Answer, Request

_ASSETS = Path(__file__).parent / "assets"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}
# The frame holds the card: it runs only our own script, and any shop may embed it.
_FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' http: https:; font-src http: https: data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_ROOMS: dict[str, Callable[[Simulator, Request, list[str]], Answer]] = {
    "3d_secure": hosted_secure.answer,
    "pay": hosted_checkout.answer,
    "setup": hosted_onboarding.answer,
}


def answer(simulator: Simulator, request: Request) -> Answer:
    """Answer a request for a page or a file."""
    if request.path in ("/v3", "/v3/") or request.path.endswith("/stripe.js"):
        return _asset("stripe.js", {"Access-Control-Allow-Origin": "*"})
    if request.path == "/v3/frame":
        return _asset("frame.html", {"Content-Security-Policy": _FRAME_POLICY})
    steps = request.path.strip("/").split("/")
    if steps[0] == "assets" and len(steps) == 2:
        return _asset(steps[1], {})
    room = _ROOMS.get(steps[0])
    if room is None:
        return message_page(
            "Nothing here", "This is the Stripe simulator; this address means nothing to it.", status=404
        )
    try:
        return room(simulator, request, steps[1:])
    except ApiError as error:
        return message_page("This did not work", error.error["message"], status=error.status)


def _asset(name: str, headers: dict[str, str]) -> Answer:
    path = _ASSETS / name
    if path.parent != _ASSETS or path.suffix not in _TYPES or not path.is_file():
        return message_page("Nothing here", "There is no such file.", status=404)
    return Answer(200, path.read_bytes(), _TYPES[path.suffix], {"Cache-Control": "no-cache"} | headers)
