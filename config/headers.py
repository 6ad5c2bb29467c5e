"""What every answer tells the browser about what it may load, frame, send and use."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from wsgiref.headers import Headers

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


@dataclass(frozen=True, slots=True)
class PaymentOrigins:
    """Where the browser meets the payment provider: its script, what that loads, frames and calls, and its hosted page."""

    script_url: str
    scripts: tuple[str, ...]
    frames: tuple[str, ...]
    calls: tuple[str, ...]
    forms: tuple[str, ...]
    # Frames that may open the browser's payment sheet, or ask for a passkey that confirms a payment.
    sheet: tuple[str, ...]


def payment_origins(api_base: str) -> PaymentOrigins:
    """Stripe's origins; a stand-in serves everything from where its interface is."""
    if urlsplit(api_base).hostname != "api.stripe.com":
        here = (api_base,)
        return PaymentOrigins(f"{api_base}/v3/", scripts=here, frames=here, calls=here, forms=here, sheet=here)
    scripts, hooks = ("https://js.stripe.com", "https://*.js.stripe.com"), "https://hooks.stripe.com"
    return PaymentOrigins(
        "https://js.stripe.com/v3/",
        scripts=scripts,
        frames=(*scripts, hooks),
        calls=(api_base, *scripts),
        forms=("https://checkout.stripe.com",),
        sheet=("https://js.stripe.com", hooks),
    )


def content_security_policy(payment: PaymentOrigins, *, pictures: Sequence[str]) -> dict[str, Any]:
    """Django-csp's setting: nothing but our own files, and what the payment page needs.

    A page that needs inline code asks ``request.csp_nonce`` for a nonce; only then the header names one.
    """
    return {
        "DIRECTIVES": {
            "default-src": [NOTHING],
            "script-src": [SELF, NONCE, *payment.scripts],
            "style-src": [SELF, NONCE],
            "img-src": [SELF, "data:", *pictures],
            "font-src": [SELF],
            "connect-src": [SELF, *payment.calls],
            "frame-src": list(payment.frames),
            # The hosted payment page is reached by a redirect after our own form.
            "form-action": [SELF, *payment.forms],
            "base-uri": [NOTHING],
            "frame-ancestors": [NOTHING],
            "manifest-src": [SELF],
        },
    }


def permissions_policy(payment: PaymentOrigins) -> str:
    """The header's text: nothing but what paying needs."""
    denied = [f"{feature}=()" for feature in _UNUSED]
    allowed = " ".join(["self", *(f'"{origin}"' for origin in payment.sheet)])
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


def open_fonts(headers: Headers, path: str, url: str) -> None:
    """For whitenoise: our fonts may be drawn elsewhere, because the card provider's frame writes its fields in our type."""
    if url.endswith(".woff2"):
        headers["Access-Control-Allow-Origin"] = "*"
        headers["Cross-Origin-Resource-Policy"] = "cross-origin"
