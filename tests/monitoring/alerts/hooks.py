"""A real HTTP server on loopback that plays the webhook: it remembers what it got and answers as told."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Hook:
    """``answer`` is sent as it is; ``drip`` sends a byte now and then instead; None answers nothing."""

    port: int
    answer: bytes | None = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
    drip: bool = False
    paths: list[str] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    ending: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/T0SECRET/B0SECRET"


def status(code: int, *headers: str) -> bytes:
    """An answer of this status without a body."""
    return "\r\n".join([f"HTTP/1.1 {code} Word", *headers, "Content-Length: 0", "", ""]).encode()


@contextmanager
def hook() -> Iterator[Hook]:
    """The server, for as long as the block lasts."""
    listening = socket.create_server(("127.0.0.1", 0))
    served = Hook(port=listening.getsockname()[1])
    thread = threading.Thread(target=_serve, args=(listening, served), daemon=True)
    thread.start()
    try:
        yield served
    finally:
        served.ending.set()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join(5)


def _serve(listening: socket.socket, served: Hook) -> None:
    while not served.ending.is_set():
        try:
            connected, _ = listening.accept()
        except OSError:
            return
        with connected:
            try:
                _answer(connected, served)
            except OSError:
                continue


def _answer(connected: socket.socket, served: Hook) -> None:
    with connected.makefile("rb") as lines:
        served.paths.append(lines.readline().decode().split(" ")[1])
        length = 0
        while (line := lines.readline().strip()) != b"":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        served.bodies.append(json.loads(lines.read(length)))
        if served.answer is None:
            lines.read(1)  # until the client hangs up
        elif served.drip:
            # Four seconds: whoever waits for the end of it fails, and does not hang.
            for _ in range(200):
                connected.sendall(b"H")
                if served.ending.wait(0.02):
                    return
        else:
            connected.sendall(served.answer)
