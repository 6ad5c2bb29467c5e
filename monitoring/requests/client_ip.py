"""Who is asking: the address of the client, believed only as far as our own proxies vouch for it."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TypeAlias

from django.apps import apps
from django.http import HttpRequest

Network: TypeAlias = IPv4Network | IPv6Network


def client_ip(request: HttpRequest) -> str:
    """The client's address as text, "" when the connection has none (a Unix socket without proxy)."""
    trusted: Sequence[Network] = apps.get_app_config("monitoring").trusted_proxies  # type: ignore[attr-defined]
    return believed(
        remote=request.META.get("REMOTE_ADDR", ""),
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=trusted,
    )


def believed(*, remote: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The last address, from right to left, that is not one of our proxies.

    What stands to the left of it was written by the client and may be anything. An IPv4-mapped IPv6 address is the IPv4
    address it maps, so that one client has one name.
    """
    found = _address(remote)
    for text in reversed(forwarded_for.split(",") if forwarded_for else []):
        if found is None or not any(found in network for network in trusted):
            break
        named = _address(text)
        if named is None:
            break
        found = named
    return str(found) if found is not None else ""


@lru_cache(maxsize=1024)
def network_of(address: str) -> str:
    """The client's /24 or /64, which logs may keep: enough to see a flood, too little to see a person. "" for no address."""
    found = _address(address)
    if found is None:
        return ""
    return str(ip_network((found, 24 if found.version == 4 else 64), strict=False))


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        address = ip_address(text.strip())
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
