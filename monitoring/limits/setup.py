"""Checks at start: a table that guards nothing looks like one that guards everything."""

from collections.abc import Iterator, Sequence

from django.apps import AppConfig, apps
from django.core.checks import CheckMessage, Error
from django.urls import URLPattern, URLResolver, get_resolver

from monitoring.limits.decorator import marks_of
from monitoring.limits.engine import Engine

MIDDLEWARE = "monitoring.limits.middleware.limits"
AUTHENTICATION = "django.contrib.auth.middleware.AuthenticationMiddleware"


def check_middleware(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """The middleware is there, and knows the user."""
    order: tuple[str, ...] = apps.get_app_config("limits").middleware  # type: ignore[attr-defined]
    if MIDDLEWARE not in order:
        return [Error("Nothing is limited.", hint=f"Add {MIDDLEWARE} to MIDDLEWARE.", id="limits.E001")]
    if AUTHENTICATION in order[order.index(MIDDLEWARE) :]:
        hint = f"Put {MIDDLEWARE} behind {AUTHENTICATION}."
        return [Error("The limits would take everybody for a stranger.", hint=hint, id="limits.E002")]
    return []


def check_routes(app_configs: Sequence[AppConfig] | None = None, **kwargs: object) -> list[CheckMessage]:
    """Every route of the table exists, and every tier that a view names."""
    engine: Engine = apps.get_app_config("limits").engine  # type: ignore[attr-defined]
    names: set[str] = set()
    found: list[CheckMessage] = []
    for name, pattern in _patterns(get_resolver(), ""):
        names.add(name)
        for mark in marks_of(pattern.callback):
            if mark.tier not in engine.policy.tiers:
                text = f"The route {name!r} is limited by a tier that the table does not have: {mark.tier!r}."
                found.append(Error(text, hint="Add it to config/limits.py.", id="limits.E003"))
    for name in sorted(engine.policy.routes.keys() - names):
        text = f"The limits guard a route that does not exist: {name!r}."
        found.append(Error(text, hint="Correct its name in config/limits.py.", id="limits.E004"))
    return found


def _patterns(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from _patterns(entry, f"{prefix}{entry.namespace}:" if entry.namespace else prefix)
        else:
            yield f"{prefix}{entry.name or ''}", entry
