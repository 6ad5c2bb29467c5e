"""Who may read the figures."""

import hmac
from typing import Protocol, cast

from django.apps import apps

_SCHEME = "Bearer "


class Config(Protocol):
    """What is asked of the app's configuration."""

    token: str
    is_open: bool
    port: int


def config() -> Config:
    """The app's configuration."""
    return cast(Config, apps.get_app_config("metrics"))


def configured() -> bool:
    """Whether the figures are shown to anybody at all."""
    return config().is_open or bool(config().token)


def may_read(authorization: str) -> bool:
    """Whether this ``Authorization`` header opens the figures; takes as long for a near miss as for a far one."""
    if config().is_open:
        return True
    token = config().token
    given = authorization.removeprefix(_SCHEME) if authorization.startswith(_SCHEME) else ""
    return bool(token) and hmac.compare_digest(given.encode(), token.encode())
