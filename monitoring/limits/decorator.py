"""Marking views: ``@limit("checkout", methods=("POST",))``. The middleware counts a view's marks in its one call."""

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from monitoring.limits import answers, guard
from monitoring.limits.tiers import Mark

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]
_MARKS = "limit_marks"


def limit(
    tier: str, *, methods: Iterable[str] = (), when: Callable[[HttpRequest], bool] | None = None
) -> Callable[[View[P]], View[P]]:
    """Counts a view's requests in a tier of the table, of these methods (none: all), when ``when`` says so."""
    mark = Mark(tier, frozenset(methods), when)

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            refused = _counted_here(request, mark)
            return refused if refused is not None else view(request, *args, **kwargs)

        setattr(answer, _MARKS, (mark, *marks_of(view)))
        return answer

    return decorate


def marks_of(view: object) -> tuple[Mark, ...]:
    """The marks that ``limit`` has left on a view, through other decorators too."""
    marks: tuple[Mark, ...] = getattr(view, _MARKS, ())
    return marks


def _counted_here(request: HttpRequest, mark: Mark) -> HttpResponseBase | None:
    """For a view that is called by another one, or whose mark a wrapper has lost: the middleware has not seen it."""
    visit = guard.visit_of(request) or guard.begin(request)
    if mark.tier in visit.counted or not mark.applies(request):
        return None
    decision = guard.count_mark(request, visit, mark)
    if decision.allowed:
        return None
    problems = guard.engine().policy.problems
    return answers.refusal(decision, as_problem=answers.wants_problem(request, problems))
