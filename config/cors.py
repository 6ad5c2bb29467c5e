"""Which other sites' browsers may call the API: CORS_ALLOWED_ORIGINS, read strictly, and nothing else.

An entry that a browser could never send is a mistake, and a mistake here is either a broken client or an open door: each one
stops the start and is named.
"""

import re
from ipaddress import ip_address

from config.env import raw, refuse
from config.site import LOOPBACK

NAME = "CORS_ALLOWED_ORIGINS"
_ORIGIN = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:(?P<port>[1-9][0-9]{0,4}))?", re.ASCII
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}
# Everything the API has, and nothing that is not its own.
API_PATHS = r"^/api/"
_NO_PATHS = r"(?!)"
SENT_HEADERS = ("accept", "authorization", "content-type", "idempotency-key", "if-match", "x-request-id")
READ_HEADERS = ("etag", "link", "location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id")


def cors(*, production: bool) -> tuple[list[str], str]:
    """The origins that may call, and which paths; ``production`` is whether the hall itself is reached by https.

    Without origins no path has CORS at all: no header, no ``Vary``. Callers from other origins show an API key; cookies are
    never accepted from there.
    """
    origins = _origins(production=production)
    return origins, API_PATHS if origins else _NO_PATHS


def _origins(*, production: bool) -> list[str]:
    value = raw(NAME)
    if value is None or not value.strip():
        return []
    good, bad = [], []
    for entry in (entry.strip() for entry in value.split(",")):
        reason = why_not(entry, production=production)
        if not reason and entry in good:
            reason = "is there twice"
        if reason:
            bad.append(f"{_shown(entry)} {reason}")
        else:
            good.append(entry)
    if bad:
        refuse(NAME, "; ".join(bad) + ". Write each as https://app.hall.example, separated by commas.")
        return []
    return good


def why_not(entry: str, *, production: bool) -> str:
    """Why a browser would never send this text as its Origin, or should not be believed if it does; "" if it is good."""
    special = {
        "": "is empty",
        "*": "admits every site of the world: list the sites",
        "null": "is what sandboxed and local pages of anybody send",
    }
    if entry in special:
        return special[entry]
    if "*" in entry:
        return "has a wildcard: list each site"
    if "@" in entry:
        return "names a user"
    if "://" not in entry:
        return "lacks https://"
    if entry != entry.lower():
        return "is not in lower case, as browsers send it"
    return _why_not_matched(entry, production=production)


def _why_not_matched(entry: str, *, production: bool) -> str:
    match = _ORIGIN.fullmatch(entry)
    if match is None:
        return "is more or other than scheme, host and port (no slash at its end, no path)"
    scheme, host, port = match["scheme"], match["host"], int(match["port"] or 0)
    if not _is_host(host):
        return "has no host name or address that exists"
    if port > 65535:
        return "has no such port"
    if port == _DEFAULT_PORTS[scheme]:
        return "names the port that browsers leave out"
    # While developing, a loopback page is one's own: nobody on the way can change it.
    if scheme == "http" and (production or host.strip("[]") not in LOOPBACK):
        return "is plain http, which anybody on the way can change: use https"
    return ""


def _is_host(host: str) -> bool:
    bare = host.strip("[]")
    if host.startswith("[") or re.fullmatch(r"[0-9.]+", host):
        try:
            return str(ip_address(bare)) == bare
        except ValueError:
            return False
    return len(host) <= 253 and all(_LABEL.fullmatch(label) for label in host.split("."))


def _shown(entry: str) -> str:
    """The entry for a message: scheme and host alone, as a user, a path or a query may hold a secret."""
    scheme, slashes, rest = entry.partition("://") if "://" in entry else ("", "", entry)
    host, *more = re.split(r"[/?#]", rest.rpartition("@")[2], maxsplit=1)
    user = "…@" if "@" in rest else ""
    return repr(f"{scheme}{slashes}{user}{host}{'/…' if more else ''}"[:100])
