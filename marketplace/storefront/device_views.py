"""The devices of an account: /account/devices/."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from marketplace.core.errors import NotFound
from marketplace.sessions import services
from marketplace.sessions.store import SessionStore
from marketplace.storefront.formats import plural
from marketplace.storefront.pages.devices import devices_page


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def devices(request: HttpRequest) -> HttpResponse:
    """The list; a POST signs one device out, or all others. Another person's device is none: 404."""
    user_id, handle = _who(request)
    if request.method != "POST":
        page = devices_page(user_id=user_id, handle=handle, now=timezone.now())
        return render(request, "account/devices.html", {"page": page})
    action = request.POST.get("action", "")
    if action == "end":
        _end(user_id, request.POST.get("device", ""))
        messages.success(request, "That device is signed out.")
    elif action == "end_others":
        ended = services.end_others(user_id=user_id, keep=handle)
        messages.success(request, f"{plural(ended, 'other device is', 'other devices are')} signed out.")
    else:
        raise Http404
    return redirect("account_devices")


def _who(request: HttpRequest) -> tuple[int, str]:
    user_id, session = request.user.pk, request.session
    if user_id is None or not isinstance(session, SessionStore):
        raise Http404
    return user_id, session.handle


def _end(user_id: int, device: str) -> None:
    try:
        services.end_device(user_id=user_id, handle=str(UUID(device)))
    except (ValueError, NotFound):
        raise Http404 from None
