"""From method and path to the function that answers."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from payments.simulator.call import Call
from payments.simulator.errors import ApiError, invalid
from payments.simulator.shapes import Obj

Endpoint = Callable[[Call], Obj]


@dataclass(frozen=True)
class Route:
    """One endpoint. `params` are the top-level parameters it knows; `publishable`: pk_… keys may call it."""

    method: str
    pattern: re.Pattern[str]
    endpoint: Endpoint
    params: frozenset[str]
    publishable: bool


def route(
    method: str, path: str, endpoint: Endpoint, params: Iterable[str] = (), *, publishable: bool = False
) -> Route:
    """A route of a path such as ``/v1/refunds/{id}``."""
    pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")
    known = frozenset(params) | {"expand"} | ({"key", "client_secret", "_stripe_version"} if publishable else set())
    return Route(method, pattern, endpoint, known, publishable)


def resolve(routes: Iterable[Route], method: str, path: str) -> tuple[Route, dict[str, str]]:
    """The route and its path arguments, or 404 as Stripe words it."""
    for candidate in routes:
        if candidate.method == method and (match := candidate.pattern.match(path)):
            return candidate, match.groupdict()
    raise ApiError(
        404,
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs "
        "or we can help at https://support.stripe.com/.",
        saved=False,
    )


def check_params(params: Obj, known: frozenset[str]) -> None:
    """Refuse parameters the endpoint does not know, as Stripe does: a typo must not pass silently."""
    unknown = sorted(set(params) - known)
    if unknown:
        names = ", ".join(unknown)
        raise invalid(
            f"Received unknown parameter{'s' if len(unknown) > 1 else ''}: {names}",
            param=unknown[0],
            code="parameter_unknown",
        )
