"""Where the hall is reached: its own address and the host names it answers to."""

import re
from urllib.parse import urlsplit

from config.env import refuse, text, words

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_STAND_IN = "https://localhost"
_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]", re.IGNORECASE | re.ASCII)


def site_url() -> str:
    """SITE_URL without a slash at its end; plain http is for loopback only."""
    value = text("SITE_URL", _STAND_IN).rstrip("/")
    reason = _not_a_site(value)
    if reason:
        refuse("SITE_URL", reason)
        return _STAND_IN
    return value


def _not_a_site(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "is not an address such as https://hall.example."
    if parts.scheme not in ("http", "https") or not host:
        return "must start with https:// and name the hall's host, such as https://hall.example."
    if parts.scheme == "http" and host not in LOOPBACK:
        return "must start with https:// (plain http is for loopback only)."
    if parts.path or parts.query or parts.fragment or "@" in parts.netloc:
        return "must be scheme and host alone, such as https://hall.example: no path, no user."
    return ""


def allowed_hosts(own: str | None) -> list[str]:
    """ALLOWED_HOSTS, else the hall's own host."""
    hosts = words("ALLOWED_HOSTS", (own or "localhost",))
    if "*" in hosts:
        refuse("ALLOWED_HOSTS", "may not be *, which accepts forged Host headers: list the names of the hall.")
    for place, host in enumerate(hosts, start=1):
        if not _HOST.fullmatch(host):
            refuse(
                "ALLOWED_HOSTS", f"its entry {place} is not a host name: write hall.example, without scheme or port."
            )
    return [host for host in hosts if _HOST.fullmatch(host)]
