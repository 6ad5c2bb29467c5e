"""Who is asking: the address of the client, believed only as far as our own proxies vouch for it."""

import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import TypeAlias

from django.apps import apps
from django.http import HttpRequest

Network: TypeAlias = IPv4Network | IPv6Network
Address: TypeAlias = IPv4Address | IPv6Address

# What connects through a Unix socket is on this machine.
_LOOPBACK = IPv4Address("127.0.0.1")
# Translators of IPv4 to IPv6 (RFC 6052): in one /64, all their clients would be one.
_NAT64 = IPv6Network("64:ff9b::/96")
# Some proxies append the port: 203.0.113.9:4711, [2001:db8::5]:443.
_WITH_PORT = re.compile(r"\[([^\]]+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+")


def client_ip(request: HttpRequest) -> str:
    """The client's address as text, "" when the connection has none (a Unix socket without proxy)."""
    return believed(
        remote=request.META.get("REMOTE_ADDR", ""),
        forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        trusted=trusted_proxies(),
    )


def trusted_proxies() -> Sequence[Network]:
    """The networks whose word about their clients counts."""
    # Straight from the table: every request asks.
    trusted: Sequence[Network] = apps.app_configs["monitoring"].trusted_proxies  # type: ignore[attr-defined]
    return trusted


def believed(*, remote: str, forwarded_for: str, trusted: Sequence[Network]) -> str:
    """The last address, from right to left, that is not one of our proxies.

    What stands to the left of it was written by the client and may be anything. A Unix socket counts as loopback: a
    proxy on it is believed when 127.0.0.1 is one of ours.
    """
    on_socket = remote == "" or remote.startswith("unix:")
    found = _LOOPBACK if on_socket else parsed(remote)
    named_by_proxy = not on_socket
    for text in reversed(forwarded_for.split(",") if forwarded_for else []):
        if found is None or not any(found in network for network in trusted):
            break
        named = parsed(text)
        if named is None:
            break
        found, named_by_proxy = named, True
    return str(found) if found is not None and named_by_proxy else ""


def parsed(text: str) -> Address | None:
    """The address, without zone and port; an IPv4 address that IPv6 carries is that IPv4 address. None for anything else."""
    text = text.strip()
    if match := _WITH_PORT.fullmatch(text):
        text = match[1] or match[2]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address
