"""A device in words: the browser and the system it names, and the network it came from. The header itself is not kept."""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final

# First match wins: most browsers also name the ones they descend from.
_BROWSERS: Final = (
    (r"\bEdg(?:e|A|iOS)?/", "Edge"),
    (r"\bOPR/|\bOpera\b", "Opera"),
    (r"\bSamsungBrowser/", "Samsung Internet"),
    (r"\bVivaldi/", "Vivaldi"),
    (r"\b(?:Firefox|FxiOS)/", "Firefox"),
    (r"\b(?:Chrome|CriOS|Chromium|HeadlessChrome)/", "Chrome"),
    (r"\bSafari/", "Safari"),
    (r"\bcurl/", "curl"),
    (r"\b(?:python-requests|python-httpx|aiohttp|Python-urllib)/", "A Python program"),
)
_SYSTEMS: Final = (
    (r"\biPhone\b", "iPhone"),
    (r"\biPad\b", "iPad"),
    (r"\bAndroid\b", "Android"),
    (r"\bCrOS\b", "ChromeOS"),
    (r"\bWindows\b", "Windows"),
    (r"\bMac OS X\b|\bMacintosh\b", "macOS"),
    (r"\bLinux\b|\bX11\b", "Linux"),
)
# What stands further back says nothing that we look for.
_READ: Final = 400
_ARTICLES: Final = {"iPhone": "an ", "iPad": "an "}
_PHONES: Final = frozenset({"iPhone", "iPad", "Android"})


@dataclass(frozen=True, slots=True)
class Device:
    """``browser`` and ``system`` are "" where the header names none that we know; ``network`` is a prefix, "" if unknown."""

    browser: str = ""
    system: str = ""
    network: str = ""


def device(*, user_agent: str, address: str) -> Device:
    """What to remember of a request: nothing that tells one customer of a network from another."""
    said = user_agent[:_READ]
    return Device(_first(_BROWSERS, said), _first(_SYSTEMS, said), network(address))


def network(address: str) -> str:
    """The /24 of an IPv4 address, the /48 of an IPv6 one; "" for what is no address."""
    try:
        found = ip_network(address)
    except ValueError:
        return ""
    if isinstance(found, IPv6Network) and found.network_address.ipv4_mapped is not None:
        found = IPv4Network(found.network_address.ipv4_mapped)
    return str(found.supernet(new_prefix=24 if isinstance(found, IPv4Network) else 48))


def named(browser: str, system: str) -> str:
    """The device as people call it: "Firefox on Linux"."""
    if browser and system:
        return f"{browser} on {_ARTICLES.get(system, '')}{system}"
    return browser or (f"A browser on {_ARTICLES.get(system, '')}{system}" if system else "An unknown device")


def is_handheld(system: str) -> bool:
    """Whether people hold it in their hand."""
    return system in _PHONES


def _first(table: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in table if re.search(pattern, text)), "")
