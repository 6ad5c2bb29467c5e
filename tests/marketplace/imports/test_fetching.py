import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import transaction

from marketplace.core.db import OpenTransaction
from marketplace.core.errors import AwningError
from marketplace.imports import fetching
from marketplace.imports.fetching import BadAnswer, Door, HostUnavailable, RefusedUrl, is_public

# What the names in this file resolve to; no name server is asked.
NAMES = {
    "pictures.example": ["93.184.216.34"],
    "six.example": ["2606:2800:220:1:248:1893:25c8:1946"],
    "loop.example": ["127.0.0.1"],
    "private.example": ["10.0.0.5"],
    "mixed.example": ["93.184.216.34", "192.168.1.1"],
    "mixed-six.example": ["93.184.216.34", "::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "metadata.example": ["169.254.169.254"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "sixtofour.example": ["2002:7f00:1::"],
    "linklocal.example": ["fe80::1%eth0"],
    "garbage.example": ["not-an-address"],
    "localhost": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "xn--bcher-kva.example": ["93.184.216.34"],
}


def resolver(host: str, port: int) -> list[str]:
    """The table, and numbers as themselves, as a real resolver would read even odd ones."""
    if host in NAMES:
        return NAMES[host]
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    except socket.gaierror as error:
        raise OSError("unknown") from error
    return [str(entry[4][0]) for entry in found]


DOOR = Door(resolver=resolver)

HOSTILE = [
    # loopback and this host, in every spelling
    "http://127.0.0.1/a.jpg", "http://127.0.0.1:80/", "http://127.1/", "http://127.0.1/", "http://2130706433/",
    "http://0x7f000001/", "http://0x7f.1/", "http://0177.0.0.1/", "http://017700000001/", "http://127.0.0.1./",
    "http://127.255.255.254/", "http://0.0.0.0/", "http://0/", "http://0.1.2.3/", "http://localhost/",
    "http://LOCALHOST/", "http://localhost./", "http://loop.example/", "http://①②⑦.⓪.⓪.①/", "http://127。0。0。1/",
    "http://[::1]/", "http://[::]/", "http://[0:0:0:0:0:0:0:1]/", "http://[::127.0.0.1]/",
    # private, shared and link-local networks
    "http://10.0.0.1/", "http://10.255.255.255/", "http://172.16.0.1/", "http://172.31.255.1/", "http://192.168.0.1/",
    "http://100.64.0.1/", "http://100.100.100.200/latest/", "http://169.254.169.254/latest/meta-data/",
    "http://169.254.170.2/", "http://[fe80::1]/", "http://[fe80::1%25eth0]/", "http://[fc00::1]/", "http://[fd00:ec2::254]/",
    "http://[fec0::1]/", "http://private.example/", "http://metadata.example/", "http://metadata.google.internal/",
    "http://linklocal.example/", "http://168.63.129.16/machine", "http://2852039166/", "http://0xa9fea9fe/",
    # mapped, translated and tunnelled
    "http://[::ffff:127.0.0.1]/", "http://[::ffff:7f00:1]/", "http://[::ffff:169.254.169.254]/", "http://[::ffff:8.8.8.8]/",
    "http://[::ffff:0:127.0.0.1]/", "http://[64:ff9b::127.0.0.1]/", "http://[64:ff9b::a9fe:a9fe]/", "http://[64:ff9b:1::1]/",
    "http://[2002:7f00:1::]/", "http://[2002:a9fe:a9fe::]/", "http://[2001:0:4136:e378::]/", "http://[2001:db8::1]/",
    "http://[100::1]/", "http://[3fff::1]/", "http://[5f00::1]/", "http://mapped.example/", "http://nat64.example/",
    "http://sixtofour.example/",
    # reserved, test, multicast, broadcast
    "http://192.0.0.8/", "http://192.0.0.192/", "http://192.0.2.1/", "http://198.18.0.1/", "http://198.51.100.7/",
    "http://203.0.113.9/", "http://192.88.99.1/", "http://224.0.0.1/", "http://239.1.1.1/", "http://240.0.0.1/",
    "http://255.255.255.255/", "http://[ff02::1]/", "http://[ff0e::1]/",
    # one bad address among good ones, and no address at all
    "http://mixed.example/", "http://mixed-six.example/", "http://garbage.example/",
    # schemes, ports, users, and addresses that two parsers read differently
    "ftp://pictures.example/a.jpg", "file:///etc/passwd", "gopher://pictures.example/", "data:image/png;base64,AA",
    "javascript:alert(1)", "//pictures.example/a.jpg", "pictures.example/a.jpg", "http:///a.jpg", "http://",
    "http://pictures.example:22/", "http://pictures.example:6379/", "http://pictures.example:8080/",
    "http://pictures.example:99999/", "http://pictures.example:0x50/", "http://pictures.example:-80/",
    "http://user@pictures.example/", "http://user:pass@pictures.example/", "http://pictures.example@127.0.0.1/",
    "http://127.0.0.1#@pictures.example/", "http://127.0.0.1\\@pictures.example/", "http://pictures.example\\.evil/",
    "http://pictures.example /", "http://pictures.example/a b", "http://pictures.example/\r\nHost: x", "http://pict\tures.example/",
    "http://pictures.example/\x00", " http://pictures.example/", "http://[::1", "http://[pictures.example]/",
    "http://-bad.example/", "http://pictures..example/", "http://" + "a" * 64 + ".example/",
    "http://" + "a." * 130 + "example/", "http://pictures.example/" + "a" * 2000, "http://1.2.3/", "http://1.2.3.4.5/",
    "http://256.1.1.1/", "http://08.1.1.1/", "http://%31%32%37.0.0.1/", "http://pictures.example%00.evil/",
]  # fmt: skip


def test_there_are_enough_hostile_addresses() -> None:
    assert len(set(HOSTILE)) >= 80


@pytest.mark.parametrize("url", HOSTILE)
def test_no_hostile_address_gets_through(url: str) -> None:
    with pytest.raises((RefusedUrl, HostUnavailable)):
        DOOR.check(url)


@pytest.mark.parametrize("url", HOSTILE)
def test_no_hostile_address_is_connected_to(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*args: object, **kwargs: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(fetching.httpcore.SyncBackend, "connect_tcp", never)
    with pytest.raises(AwningError):
        DOOR.fetch(url)


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("http://pictures.example/a.jpg", "93.184.216.34"),
        ("https://pictures.example:443/a.jpg?x=1#y", "93.184.216.34"),
        ("https://six.example/", "2606:2800:220:1:248:1893:25c8:1946"),
        ("http://8.8.8.8/", "8.8.8.8"),
        ("http://[2606:4700::1111]/", "2606:4700::1111"),
        ("https://bücher.example/ü.jpg", "93.184.216.34"),
    ],
)
def test_public_addresses_get_through(url: str, address: str) -> None:
    assert DOOR.check(url).address == address


def test_every_part_of_the_check_is_needed_somewhere() -> None:
    assert is_public("1.1.1.1")
    assert not is_public("224.0.0.1")  # multicast counts as global in the standard library
    assert not is_public("168.63.129.16")
    assert not is_public("192.88.99.1")
    assert not is_public("::ffff:8.8.8.8")


# --- a server of our own, which only an injected allow-list makes reachable -------------------------------------------


@contextmanager
def serving(answer: Callable[[bytes], bytes | list[bytes]], *, pause: float = 0.0) -> Iterator[tuple[int, list[bytes]]]:
    """A loopback server that answers every request with raw bytes, in pieces `pause` seconds apart."""
    server = socket.create_server(("127.0.0.1", 0))
    requests: list[bytes] = []
    stopping = threading.Event()

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                request = connection.recv(65536)
                requests.append(request)
                pieces = answer(request)
                try:
                    for piece in [pieces] if isinstance(pieces, bytes) else pieces:
                        connection.sendall(piece)
                        stopping.wait(pause)
                        if stopping.is_set():
                            break
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], requests
    finally:
        stopping.set()
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(2)


def door_to(port: int, **changes: object) -> Door:
    names = {"pictures.example": ["127.0.0.1"], "other.example": ["127.0.0.1"], "inside.example": ["127.0.0.2"]}
    door = Door(resolver=lambda host, _: names.get(host, []), also_allowed=frozenset({("127.0.0.1", port)}))
    return replace(door, **changes)  # type: ignore[arg-type]


def reply(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    fields = {"Content-Length": str(len(body)), "Connection": "close"} | {
        name.replace("_", "-"): value for name, value in headers.items()
    }
    return (
        f"HTTP/1.1 {status}\r\n".encode()
        + "".join(f"{k}: {v}\r\n" for k, v in fields.items()).encode()
        + b"\r\n"
        + body
    )


def test_the_checked_address_is_asked_under_the_right_name() -> None:
    with serving(lambda request: reply(b"picture")) as (port, requests):
        assert door_to(port).fetch(f"http://pictures.example:{port}/a/b.jpg?c=1") == b"picture"
    head = requests[0].decode()
    assert head.startswith("GET /a/b.jpg?c=1 HTTP/1.1\r\n")
    assert f"\r\nHost: pictures.example:{port}\r\n" in head
    assert "Accept-Encoding: identity" in head
    assert "Cookie" not in head


def test_the_same_server_without_the_allow_list_is_refused() -> None:
    with serving(lambda request: reply(b"secret")) as (port, requests):
        with pytest.raises(RefusedUrl):
            Door(resolver=lambda host, _: ["127.0.0.1"]).fetch(f"http://pictures.example:{port}/")
        assert requests == []


def test_a_name_that_changes_its_mind_is_resolved_only_once() -> None:
    with serving(lambda request: reply(b"picture")) as (port, requests):
        answers = iter([["127.0.0.1"], ["127.0.0.2"]])
        door = replace(door_to(port), resolver=lambda host, _: next(answers))
        assert door.fetch(f"http://pictures.example:{port}/") == b"picture"
        assert next(answers) == ["127.0.0.2"]
        assert len(requests) == 1


def test_redirects_are_followed_three_times_at_most() -> None:
    def hops(limit: int) -> Callable[[bytes], bytes]:
        def answer(request: bytes) -> bytes:
            step = int(request.split(b" ")[1].strip(b"/") or 0)
            return reply(b"there") if step == limit else reply(b"", "302 Found", Location=f"/{step + 1}")

        return answer

    with serving(hops(3)) as (port, requests):
        assert door_to(port).fetch(f"http://pictures.example:{port}/0") == b"there"
        assert len(requests) == 4
    with serving(hops(4)) as (port, requests):
        with pytest.raises(BadAnswer, match="redirects more than 3"):
            door_to(port).fetch(f"http://pictures.example:{port}/0")
        assert len(requests) == 4


@pytest.mark.parametrize(
    "target",
    ["http://inside.example/", "http://127.0.0.2/", "http://[::1]/", "file:///etc/passwd", "ftp://pictures.example/",
     "http://pictures.example:22/", "//inside.example/", "http://user@pictures.example/", "http://169.254.169.254/"],
)  # fmt: skip
def test_a_redirect_goes_through_the_same_door(target: str) -> None:
    with serving(lambda request: reply(b"", "302 Found", Location=target)) as (port, requests):
        with pytest.raises((RefusedUrl, HostUnavailable)):
            door_to(port).fetch(f"http://pictures.example:{port}/")
        assert len(requests) == 1


def test_a_redirect_to_another_allowed_name_changes_the_host() -> None:
    def answer(request: bytes) -> bytes:
        port = request.split(b"Host: ")[1].split(b"\r\n")[0].split(b":")[1].decode()
        return (
            reply(b"ok")
            if b"other.example" in request
            else reply(b"", "301 Moved", Location=f"http://other.example:{port}/x")
        )

    with serving(answer) as (port, requests):
        assert door_to(port).fetch(f"http://pictures.example:{port}/") == b"ok"
    assert b"Host: other.example" in requests[1]


@pytest.mark.parametrize(
    ("status", "error"),
    [("404 Not Found", BadAnswer), ("403 Forbidden", BadAnswer), ("204 No Content", BadAnswer), ("206 Part", BadAnswer),
     ("500 Oops", HostUnavailable), ("503 Busy", HostUnavailable), ("429 Slow", HostUnavailable), ("302 Found", BadAnswer)],
)  # fmt: skip
def test_answers_are_sorted_into_final_and_passing_failures(status: str, error: type[AwningError]) -> None:
    with serving(lambda request: reply(b"", status)) as (port, _), pytest.raises(error) as caught:
        door_to(port).fetch(f"http://pictures.example:{port}/")
    assert caught.value.permanent is (error is BadAnswer)


def test_bytes_are_capped_when_announced_and_when_not() -> None:
    long = b"x" * 5_000
    announced = b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n"  # and nothing follows: it must not be waited for
    for answer in (announced, reply(long), b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + long):
        with serving(lambda request, answer=answer: answer) as (port, _), pytest.raises(BadAnswer, match="larger than"):
            door_to(port, max_bytes=4_000).fetch(f"http://pictures.example:{port}/")


def test_compressed_answers_are_refused() -> None:
    with serving(lambda request: reply(b"\x1f\x8b", Content_Encoding="gzip")) as (port, _), pytest.raises(BadAnswer):
        door_to(port).fetch(f"http://pictures.example:{port}/")


@pytest.mark.parametrize("where", ["head", "body"])
def test_a_drip_of_bytes_gains_no_time(where: str) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
    pieces = [b"HTTP/1.1 200 OK\r\n"] + [b"X: y\r\n"] * 200 if where == "head" else [head + b"\r\n"] + [b"x"] * 200
    started = time.monotonic()
    with serving(lambda request: pieces, pause=0.05) as (port, _):
        with pytest.raises(HostUnavailable):
            door_to(port, total_seconds=0.5).fetch(f"http://pictures.example:{port}/")
        assert time.monotonic() - started < 2


def test_a_silent_name_server_is_not_waited_for() -> None:
    waiting = threading.Event()
    door = Door(resolver=lambda host, _: [str(waiting.wait(5))], total_seconds=0.2)
    started = time.monotonic()
    with pytest.raises(HostUnavailable, match="cannot be resolved"):
        door.fetch("http://pictures.example/")
    assert time.monotonic() - started < 2
    waiting.set()


def test_a_broken_answer_is_a_passing_failure() -> None:
    with serving(lambda request: b"nonsense\r\n\r\n") as (port, _), pytest.raises(HostUnavailable):
        door_to(port).fetch(f"http://pictures.example:{port}/")


@pytest.mark.django_db(transaction=True)
def test_nothing_is_fetched_inside_a_transaction() -> None:
    with transaction.atomic(), pytest.raises(OpenTransaction):
        DOOR.fetch("http://pictures.example/")
