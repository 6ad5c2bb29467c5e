"""What every answer tells the browser about what it may load, frame and send."""

from collections.abc import Sequence
from typing import Any


def content_security_policy(
    *,
    scripts: Sequence[str],
    frames: Sequence[str],
    calls: Sequence[str],
    forms: Sequence[str],
    pictures: Sequence[str],
) -> dict[str, Any]:
    """Django-csp's setting: nothing but our own files, and the sources named here for the payment page."""
    return {
        "DIRECTIVES": {
            "default-src": ["'none'"],
            "script-src": ["'self'", *scripts],
            "style-src": ["'self'"],
            "img-src": ["'self'", "data:", *pictures],
            "font-src": ["'self'"],
            "connect-src": ["'self'", *calls],
            "frame-src": list(frames),
            # The hosted payment page is reached by a redirect after our own form.
            "form-action": ["'self'", *forms],
            "base-uri": ["'none'"],
            "frame-ancestors": ["'none'"],
            "manifest-src": ["'self'"],
        },
    }
