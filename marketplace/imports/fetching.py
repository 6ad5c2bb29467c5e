"""The door to foreign picture hosts: only public addresses, checked once and then connected to, and nothing without end.

What a name resolves to is asked once; every address must be public, and the connection goes to the very address that was
checked, so that a name which changes its mind in between gains nothing. Each redirect goes through the same door.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as ResolveTimeout
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

import certifi
import httpcore

from marketplace.core.db import forbid_transaction
from marketplace.core.errors import AwningError
from monitoring.requests import ids

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

PORTS = {"http": 80, "https": 443}
MAX_REDIRECTS = 3
MAX_BYTES = 15 * 1024 * 1024
TOTAL_SECONDS = 10.0
CONNECT_SECONDS = 3.0
MAX_URL = 2_000
_REDIRECTS = {301, 302, 303, 307, 308}
_FORBIDDEN_CHARACTERS = re.compile(r"[\x00-\x20\x7f\\]")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
# What `is_global` lets through although no picture lives there: relays, translators, and a cloud's metadata service.
_REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "0.0.0.0/8", "168.63.129.16/32", "192.0.0.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.175.48.0/24", "::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23",
        "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10",
        "fec0::/10", "ff00::/8",
    )
)  # fmt: skip
_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")


class RefusedUrl(AwningError):
    """The address may not be fetched: it is no plain public http(s) address. Trying again does not help."""

    code = "url_refused"


class BadAnswer(AwningError):
    """The host answered, but not with a picture we take. Trying again does not help."""

    code = "bad_answer"


class HostUnavailable(AwningError):
    """The host did not answer in time or with an error of its own; it may later."""

    code = "host_unavailable"
    status = 503
    permanent = False


@dataclass(frozen=True, slots=True)
class Destination:
    """A checked URL and the address to connect to."""

    url: str
    scheme: str
    host: str
    port: int
    address: str


def resolve(host: str, port: int) -> list[str]:
    """Every address of a name, asked of the system's resolver; raises OSError when there is none."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the open internet's: no loopback, private, link-local, reserved, multicast or mapped one."""
    try:
        parsed: Address = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and (parsed.scope_id is not None or parsed not in _PUBLIC_IPV6):
        return False
    if any(parsed in network for network in _REFUSED_NETWORKS if network.version == parsed.version):
        return False
    return parsed.is_global and not (
        parsed.is_multicast or parsed.is_reserved or parsed.is_unspecified or parsed.is_private
    )


@dataclass(frozen=True, slots=True)
class Door:
    """How to get out. `also_allowed` names (address, port) pairs that are let through although they are not public."""

    resolver: Resolver = resolve
    also_allowed: frozenset[tuple[str, int]] = frozenset()
    clock: Callable[[], float] = time.monotonic
    total_seconds: float = TOTAL_SECONDS
    max_bytes: int = MAX_BYTES

    def check(self, url: str, *, seconds: float = CONNECT_SECONDS) -> Destination:
        """The address to connect to. Raises RefusedUrl, or HostUnavailable when no name server answers in time."""
        parts = _split(url)
        host = _host(parts)
        port = _port(parts)
        addresses = self._addresses(host, port, seconds)
        for address in addresses:
            allowed = (address, port) in self.also_allowed
            if not allowed and port not in PORTS.values():
                raise RefusedUrl(f"Port {port} is not fetched from: serve the picture on port 80 or 443.")
            if not allowed and not is_public(address):
                raise RefusedUrl(f"{host} is not on the public internet: serve the picture from a public address.")
        return Destination(url, parts.scheme, host, port, addresses[0])

    def _addresses(self, host: str, port: int, seconds: float) -> list[str]:
        pool = ThreadPoolExecutor(1)
        try:
            addresses = pool.submit(self.resolver, host, port).result(timeout=max(0.0, seconds))
        except (OSError, UnicodeError, ResolveTimeout) as error:
            raise HostUnavailable(f"The name {host} cannot be resolved: check the address.") from error
        finally:
            pool.shutdown(wait=False, cancel_futures=True)
        if not addresses:
            raise HostUnavailable(f"The name {host} has no address: check it.")
        return addresses

    def fetch(self, url: str) -> bytes:
        """The bytes behind a URL, at most `max_bytes`, within `total_seconds` altogether.

        Raises RefusedUrl, BadAnswer or HostUnavailable; OpenTransaction when called inside a transaction.
        """
        forbid_transaction("Fetching a picture")
        deadline = self.clock() + self.total_seconds
        for _ in range(MAX_REDIRECTS + 1):
            left = min(CONNECT_SECONDS, deadline - self.clock())
            answer = self._get(self.check(url, seconds=left), deadline)
            if isinstance(answer, bytes):
                return answer
            url = urljoin(url, answer)
        raise BadAnswer(f"The address redirects more than {MAX_REDIRECTS} times: give the picture's own address.")

    def _get(self, destination: Destination, deadline: float) -> bytes | str:
        """The body, or where a redirect points."""
        pool = httpcore.ConnectionPool(
            ssl_context=ssl.create_default_context(cafile=certifi.where()),
            network_backend=_PinnedBackend(destination.address, deadline, self.clock),
            retries=0,
        )
        seconds = self.total_seconds
        timeouts = {"connect": CONNECT_SECONDS, "read": seconds, "write": seconds, "pool": seconds}
        headers: dict[bytes | str, bytes | str] = {
            "Host": _authority(destination),
            "User-Agent": "Awning-Pictures/1.0",
            "Accept": "image/webp,image/png,image/jpeg,image/gif",
            "Accept-Encoding": "identity",
        }
        if request_id := ids.current():
            headers[ids.HEADER] = request_id
        try:
            with pool, pool.stream("GET", destination.url, headers=headers, extensions={"timeout": timeouts}) as answer:
                return self._read(answer)
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
            raise HostUnavailable(f"{destination.host} did not answer ({type(error).__name__}).") from error
        except (UnicodeError, ValueError) as error:
            raise RefusedUrl("The address cannot be written in a request: correct it.") from error

    def _read(self, answer: httpcore.Response) -> bytes | str:
        fields = {name.lower(): value for name, value in answer.headers}
        if answer.status in _REDIRECTS:
            target = fields.get(b"location", b"").decode("latin-1")
            if not target:
                raise BadAnswer("The host redirects without saying where.")
            return target
        if answer.status == 429 or answer.status >= 500:
            raise HostUnavailable(f"The host answered {answer.status}.")
        if answer.status != 200:
            raise BadAnswer(f"The host answered {answer.status} instead of a picture.")
        if fields.get(b"content-encoding", b"identity").lower() != b"identity":
            raise BadAnswer("The picture came compressed although it was asked for as it is.")
        length = fields.get(b"content-length", b"")
        if length.isdigit() and int(length) > self.max_bytes:
            raise BadAnswer(f"The picture is larger than {self.max_bytes // (1024 * 1024)} MiB: make it smaller.")
        return self._body(answer.iter_stream())

    def _body(self, chunks: Iterator[bytes]) -> bytes:
        body = bytearray()
        for chunk in chunks:
            body += chunk
            if len(body) > self.max_bytes:
                raise BadAnswer(f"The picture is larger than {self.max_bytes // (1024 * 1024)} MiB: make it smaller.")
        return bytes(body)


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL or _FORBIDDEN_CHARACTERS.search(url):
        raise RefusedUrl("The address is too long, or holds spaces, control characters or backslashes: correct it.")
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise RefusedUrl("This is not a web address: correct it.") from error
    if parts.scheme not in PORTS:
        raise RefusedUrl("Only http and https addresses are fetched.")
    if parts.username is not None or parts.password is not None or "@" in parts.netloc:
        raise RefusedUrl("An address with a user name is not fetched: take it out.")
    return parts


def _host(parts: SplitResult) -> str:
    """The host in lower-case ASCII. Numbers that are no plain IPv4 address, such as 0x7f.1, are refused."""
    try:
        host = (parts.hostname or "").rstrip(".")
        if ":" in host:
            return str(ipaddress.IPv6Address(host))
        host = host.encode("idna").decode("ascii").lower()
    except ValueError as error:
        raise RefusedUrl("The address has no valid host name: correct it.") from error
    labels = host.split(".")
    if not host or len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise RefusedUrl("The address has no valid host name: correct it.")
    if labels[-1].isdecimal() or labels[-1].startswith("0x"):
        try:
            return str(ipaddress.IPv4Address(host))
        except ValueError as error:
            raise RefusedUrl("The host is a number that is no IPv4 address: correct it.") from error
    return host


def _port(parts: SplitResult) -> int:
    try:
        return parts.port or PORTS[parts.scheme]
    except ValueError as error:
        raise RefusedUrl("The address has no valid port: correct it.") from error


def _authority(destination: Destination) -> str:
    host = f"[{destination.host}]" if ":" in destination.host else destination.host
    return host if destination.port == PORTS[destination.scheme] else f"{host}:{destination.port}"


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every step must fit into the time that is left: a drip of bytes gains no time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float, clock: Callable[[], float]) -> None:
        self._stream = stream
        self._deadline = deadline
        self._clock = clock

    def _left(self, error: type[Exception]) -> float:
        left = self._deadline - self._clock()
        if left <= 0:
            raise error("The time for the whole answer is used up.")
        return left

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, timeout=self._left(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, timeout=self._left(httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._left(httpcore.ConnectTimeout))
        return _DeadlineStream(secured, self._deadline, self._clock)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


class _PinnedBackend(httpcore.NetworkBackend):
    """Connects to the address that was checked, whatever the name would resolve to now."""

    def __init__(self, address: str, deadline: float, clock: Callable[[], float]) -> None:
        self._address = address
        self._deadline = deadline
        self._clock = clock
        self._network = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = min(CONNECT_SECONDS, self._deadline - self._clock())
        if left <= 0:
            raise httpcore.ConnectTimeout("The time for the whole answer is used up.")
        stream = self._network.connect_tcp(self._address, port, timeout=left)
        return _DeadlineStream(stream, self._deadline, self._clock)

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.NetworkStream:
        raise RefusedUrl("Pictures are fetched over the internet only.")

    def sleep(self, seconds: float) -> None:
        self._network.sleep(seconds)
