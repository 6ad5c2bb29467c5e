"""What every answer tells the browser about what it may load, frame, send and use."""

from collections.abc import Callable, Sequence
from typing import Any

from csp.constants import HEADER, NONCE, SELF
from csp.constants import NONE as NOTHING
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Features of browsers that no page of the hall uses, and no script that slips in may use either.
_UNUSED = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
# What is no page (a style sheet, a picture, a refusal before any page) loads nothing.
_BARE_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


def content_security_policy(
    *,
    scripts: Sequence[str],
    frames: Sequence[str],
    calls: Sequence[str],
    forms: Sequence[str],
    pictures: Sequence[str],
) -> dict[str, Any]:
    """Django-csp's setting: nothing but our own files, and the sources named here for the payment page.

    A page that needs inline code asks ``request.csp_nonce`` for a nonce; only then the header names one.
    """
    return {
        "DIRECTIVES": {
            "default-src": [NOTHING],
            "script-src": [SELF, NONCE, *scripts],
            "style-src": [SELF, NONCE],
            "img-src": [SELF, "data:", *pictures],
            "font-src": [SELF],
            "connect-src": [SELF, *calls],
            "frame-src": list(frames),
            # The hosted payment page is reached by a redirect after our own form.
            "form-action": [SELF, *forms],
            "base-uri": [NOTHING],
            "frame-ancestors": [NOTHING],
            "manifest-src": [SELF],
        },
    }


def permissions_policy(payment: Sequence[str]) -> str:
    """The header's text: ``payment`` are the origins beside our own whose frames may open the browser's payment sheet."""
    denied = [f"{feature}=()" for feature in _UNUSED]
    allowed = " ".join(["self", *(f'"{origin}"' for origin in payment)])
    # A bank's confirmation by passkey runs in the provider's frame.
    return ", ".join([*denied, f"payment=({allowed})", f"publickey-credentials-get=({allowed})"])


def site_headers(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Puts on every answer, errors and files included, what it does not say itself.

    HSTS is Django's own middleware's, as only https may carry it.
    """
    defaults = {
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": settings.PERMISSIONS_POLICY,
        HEADER: _BARE_POLICY,
    }

    if settings.DEBUG:
        # The framework's debug pages have inline styles.
        del defaults[HEADER]

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        for name, value in defaults.items():
            response.headers.setdefault(name, value)
        if "'nonce-" in response.headers.get(HEADER, ""):
            # Whoever kept these bytes would give one visitor's nonce to the next, and then it guards nothing.
            response.headers["Cache-Control"] = "private, no-store"
        return response

    return answer
