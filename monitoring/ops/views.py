"""``/ops/``: the page, its renewal, and what operators do from it. Everything is decided elsewhere."""

import logging
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from monitoring.ops import actions, pages
from monitoring.ops.board import board

logger = logging.getLogger(__name__)
P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponse]
_TONES = {messages.SUCCESS: "good", messages.WARNING: "warn", messages.ERROR: "danger"}


def staff_only(view: View[P]) -> View[P]:
    """As the admin does: a stranger is sent to the sign-in page, who is signed in without the right is told so."""

    @wraps(view)
    def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if request.user.is_active and request.user.is_staff:
            return view(request, *args, **kwargs)
        if request.user.is_authenticated:
            raise PermissionDenied
        if request.headers.get("HX-Request"):
            # The session has ended under an open page: loaded anew it leads to the sign-in page.
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return redirect_to_login(reverse("ops") if request.method != "GET" else request.get_full_path())

    return answer


def _may(request: HttpRequest) -> pages.May:
    def may(permission: str) -> bool:
        return request.user.has_perm(permission) if permission else bool(request.user.is_superuser)

    return may


@require_GET
@staff_only
def show(request: HttpRequest) -> HttpResponse:
    """The whole page, looked up now."""
    now = pages.moment()
    page = pages.page(board.look(fresh=True), operator=str(request.user), may=_may(request), now=now)
    told = [(_TONES.get(message.level, "info"), str(message)) for message in messages.get_messages(request)]
    context = {"page": page, "notes": told, "csrf_token": get_token(request)}
    return HttpResponse(render_to_string("ops/ops.html", context, using="jinja2"))


@require_GET
@staff_only
def renew(request: HttpRequest) -> HttpResponse:
    """The panels that have changed since the browser's, as out-of-band swaps; 204 when none has."""
    seen = pages.seen(request.GET.get("seen", ""))
    found = pages.sections(board.look(), may=_may(request), now=pages.moment())
    if seen and pages.missing(found, seen):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    news = pages.changed(found, seen)
    if not news:
        return HttpResponse(status=204)
    return HttpResponse(render_to_string("ops/news.html", {"sections": news}, using="jinja2"))


@require_POST
@staff_only
def act(request: HttpRequest, name: str, target: str) -> HttpResponse:
    """Does one thing and leads back to where it was asked for, with a sentence about it."""
    action = actions.find(name)
    if action is None:
        raise Http404
    if not _may(request)(action.permission):
        raise PermissionDenied
    user = request.user
    order = actions.Order(target=target, by_id=int(user.pk or 0), by=str(user), now=pages.moment())
    try:
        messages.success(request, actions.perform(action, order))
    except actions.Refused as reason:
        messages.warning(request, str(reason))
    except Error:
        logger.exception("ops.failed", extra={"action": name, "target": target})
        messages.error(request, "That was not done: the database did not answer in time. Try again.")
    return redirect(f"{reverse('ops')}#panel-{action.panel}")
