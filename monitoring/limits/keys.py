"""What a counter is called: nothing personal, never shared by mistake, of the same length whoever asks."""

import unicodedata
from dataclasses import dataclass
from hashlib import blake2b
from ipaddress import IPv4Address, IPv4Network, IPv6Network

from monitoring.limits.tiers import Key
from monitoring.requests.client_ip import parsed

PREFIX = "limit:"
# One customer of an access provider has a /64, often a whole /48: its budget is that of so many clients.
CEILING = 16


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks: an address ("" when unknown), the id of a signed-in user, and the account a sign-in is about."""

    address: str = ""
    user: str = ""
    account: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """One name to count under; ``share`` multiplies the limit."""

    text: str
    share: int = 1


def subjects(key: Key, who: Who) -> tuple[Subject, ...]:
    """The names under which ``who`` is counted; none when what the key needs is not known."""
    match key:
        case "user":
            return (Subject(who.user),) if who.user else ()
        case "account":
            return (Subject(who.account),) if who.account else ()
        case "address":
            return prefixes(who.address)
        case "client":
            # Spelled so that no user's id can be an address.
            return (Subject(f"user:{who.user}"),) if who.user else prefixes(who.address)


def prefixes(address: str) -> tuple[Subject, ...]:
    """An IPv4 address by itself; an IPv6 one as its /64 and, with a larger budget, its /48."""
    found = parsed(address)
    if found is None:
        return ()
    if isinstance(found, IPv4Address):
        return (Subject(str(found)),)
    return (
        Subject(str(IPv6Network((int(found), 64), strict=False))),
        Subject(str(IPv6Network((int(found), 48), strict=False)), CEILING),
    )


def account_of(text: str) -> str:
    """An e-mail address as one account, however it is typed; "" for nothing."""
    return unicodedata.normalize("NFKC", text).strip().casefold()


def masked(address: str) -> str:
    """An address as operators see it in lists: the /24 of IPv4, the /32 of IPv6."""
    found = parsed(address)
    if found is None:
        return "unknown"
    if isinstance(found, IPv4Address):
        return str(IPv4Network((int(found), 24), strict=False))
    return str(IPv6Network((int(found), 32), strict=False))


def name(secret: bytes, tier: str, key: Key, subject: str, seconds: int) -> str:
    """The Redis key. Raises TypeError for a subject that is no text, ValueError for an empty one."""
    if not isinstance(subject, str):
        raise TypeError(f"A limit is counted per text, not per {type(subject).__name__}.")
    if not subject:
        raise ValueError("A limit without a subject would be shared by everybody.")
    # Keyed, so that the names cannot be guessed back from a copy of the store.
    digest = blake2b(f"{key}:{subject}".encode(), key=secret, digest_size=12).hexdigest()
    return f"{PREFIX}{tier}:{seconds}:{digest}"
