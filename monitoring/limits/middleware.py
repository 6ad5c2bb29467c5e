"""Where requests meet the limits: after the session and the user are at hand, before anything reads a body."""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TypeAlias

from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, URLResolver, get_resolver

from monitoring.limits import answers, devices, guard
from monitoring.limits.decorator import marks_of
from monitoring.limits.engine import DENIED, Decision
from monitoring.limits.guard import Visit
from monitoring.limits.throttle import LimitThrottle
from monitoring.limits.tiers import ANONYMOUS, USER, Mark

GetResponse: TypeAlias = Callable[[HttpRequest], HttpResponseBase]
# Answers to requests that no view has worked on.
_UNSEEN = (401, 403, 404, 405)


def limits(get_response: GetResponse) -> GetResponse:
    """Counts the request, refuses or passes it, and gives its places back when its answer is closed."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        policy = guard.engine().policy
        if policy.is_exempt(request.path_info):
            return get_response(request)
        known = guard.decided(request)
        if known is not None:
            _route(request)
            return _refusal(request, known)
        visit = guard.begin(request)
        if guard.turned_away(visit):
            return _refusal(request, DENIED)
        marks, waits_for_token = _route(request)
        decision = guard.count_address(visit) if waits_for_token else guard.count(request, visit, marks)
        if not decision.allowed:
            return _refusal(request, decision)
        try:
            response = get_response(request)
        except BaseException:
            visit.leave()
            raise
        return _leave(request, visit, response, uncounted=waits_for_token)

    return answer


@lru_cache(maxsize=512)
def _match(resolver: URLResolver, path: str) -> ResolverMatch:
    """Django looks for the view again, and has its own; what is found here is only read. Raises Http404, not remembered."""
    return resolver.resolve(path)


def _route(request: HttpRequest) -> tuple[Iterable[Mark], bool]:
    """The marks of the route, and whether its own throttle will count the user once it knows a token's owner."""
    try:
        match = _match(get_resolver(getattr(request, "urlconf", None)), request.path_info)
    except Http404:
        return (), False
    # For the log and the figures of a refused request; Django sets the same again when it gets so far.
    request.resolver_match = match
    view = getattr(match.func, "cls", None) or getattr(match.func, "view_class", None)
    if "Authorization" in request.headers and LimitThrottle in getattr(view, "throttle_classes", ()):
        return (), True
    routes = guard.engine().policy.routes
    return (*routes.get(match.view_name, ()), *marks_of(match.func), *marks_of(view)), False


def _leave(request: HttpRequest, visit: Visit, response: HttpResponseBase, *, uncounted: bool) -> HttpResponseBase:
    devices.remember(request, response, guard.engine().policy.secret)
    if uncounted and USER not in visit.counted and ANONYMOUS not in visit.counted:
        # The token was none: whoever tries tokens is counted as a stranger.
        decision = guard.count_user(request, visit, "", ())
        if not decision.allowed and response.status_code in _UNSEEN:
            response = _instead(response, _refusal(request, decision))
    elif not visit.decision.allowed and response.status_code == 429:
        # Refused by a throttle further in: one shape of answer for all.
        response = _instead(response, _refusal(request, visit.decision))
    else:
        answers.tell(response, visit.decision)
    if visit.held:
        # As Django closes a request with its answer, streams too: when the last of it is sent, or the client has gone.
        response._resource_closers.append(visit.leave)  # type: ignore[attr-defined]
    return response


def _instead(old: HttpResponseBase, new: HttpResponseBase) -> HttpResponseBase:
    """The new answer, which closes what the old one held: closing the old one itself would say the request is over."""
    new._resource_closers.extend(old._resource_closers)  # type: ignore[attr-defined]
    return new


def _refusal(request: HttpRequest, decision: Decision) -> HttpResponseBase:
    problems = guard.engine().policy.problems
    return answers.refusal(decision, as_problem=answers.wants_problem(request, problems))
