"""Browsers that have signed in to an account before: each has its own budget for trying that account again.

Whoever knows an e-mail address can use up what everybody together may try on its account. Without this its owner would stay
outside for as long as somebody goes on; with it, the owner's browsers are counted by themselves, and strangers among themselves.
"""

import hmac
import secrets
from hashlib import blake2b
from typing import Final

from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from monitoring.limits.keys import account_of

COOKIE: Final = "known"
# Seconds. The cookie opens nothing: a thief may try passwords at the same rate, for this account alone.
KEPT: Final = 180 * 24 * 3600
_NEW = "awning.limits.device"


def subject(request: HttpRequest, account: str, secret: bytes) -> str:
    """Whom an attempt on ``account`` counts for: this browser if it is known there, else all strangers together."""
    device, _, mark = request.COOKIES.get(COOKIE, "").partition(".")
    if device and hmac.compare_digest(mark.encode(), _mark(device, account, secret).encode()):
        return f"device:{device}:{account}"
    return account


def follow_sign_ins() -> None:
    """From now on a browser that signs in is remembered. Calling it again changes nothing."""
    user_logged_in.connect(_signed_in, weak=False, dispatch_uid="limits.devices")


def remember(request: HttpRequest, response: HttpResponseBase, secret: bytes) -> None:
    """Tells the browser that has just signed in; the cookie comes back to the form that it used, and nowhere else."""
    if account := request.META.get(_NEW):
        device = secrets.token_urlsafe(12)
        response.set_cookie(
            COOKIE,
            f"{device}.{_mark(device, account, secret)}",
            max_age=KEPT,
            path=request.path,
            secure=request.is_secure(),
            httponly=True,
            samesite="Lax",
        )


def _signed_in(request: HttpRequest | None = None, user: object = None, **kwargs: object) -> None:
    if request is not None and (account := account_of(str(getattr(user, "email", "") or ""))):
        request.META[_NEW] = account


def _mark(device: str, account: str, secret: bytes) -> str:
    return blake2b(f"device:{device}:{account}".encode(), key=secret, digest_size=16).hexdigest()
