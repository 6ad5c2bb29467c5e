"""How long sessions last (CONTRACT: session), and where their cached copies are."""

from datetime import timedelta

from config.env import text
from marketplace.sessions.ids import id_key
from marketplace.sessions.policy import Policy


def sessions(secrets: list[str], cache_url: str) -> Policy:
    """The policy of this process; the first secret makes new ids, the others still prove old ones."""
    return Policy(
        idle=timedelta(days=7),
        touch=timedelta(hours=2),
        absolute=timedelta(days=30),
        staff=timedelta(hours=12),
        copy=timedelta(minutes=15),
        cache_url=cache_url,
        prefix=text("CACHE_PREFIX", "awning") + ":session:",
        id_keys=tuple(id_key(secret) for secret in secrets),
    )
