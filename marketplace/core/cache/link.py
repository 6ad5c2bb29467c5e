"""The way to the shared cache: few connections, scripts in one round trip, and a Redis that fails is left alone.

A Redis that hangs costs a process one time-out, not one per request: after a failure nobody asks it for some seconds, and
then one job in the background does. What this server has kept is told apart from what it, or another in its place, kept
before its start: every key carries the server's run id, so that a snapshot restored after a crash, or a replica that
missed the last touches, brings nothing old back.
"""

import hashlib
import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, Protocol, TypeAlias, cast
from weakref import WeakSet

import redis
from redis.backoff import NoBackoff
from redis.exceptions import NoScriptError
from redis.retry import Retry

Part: TypeAlias = "bytes | str | int"
Reply: TypeAlias = "list[Any]"

# Seconds: SAFETY 14's time-out, and how long a process leaves a Redis alone that has not answered.
PATIENCE, REST = 0.25, 3.0
_MOST_IDLE = 16


class LinkDown(Exception):
    """Redis does not answer, or has not answered a moment ago."""


class Refused(Exception):
    """Redis answers, but will not do this: out of memory, read only, a script that fails."""


class Script:
    """A script beside this module, sent by its hash."""

    def __init__(self, name: str) -> None:
        self.text = Path(__file__).with_name(f"{name}.lua").read_text(encoding="utf-8")
        self.sha = hashlib.sha1(self.text.encode(), usedforsecurity=False).hexdigest()


class _Wire(Protocol):
    """What is used of redis-py's connection, which tells its types to nobody."""

    def connect(self) -> None: ...
    def send_command(self, *parts: Part, check_health: bool) -> None: ...
    def read_response(self) -> Any: ...
    def disconnect(self) -> None: ...


class _Line:
    """One connection, with the prefix of what its server has kept since its start."""

    __slots__ = ("connection", "fresh", "prefix")

    def __init__(self, connection: _Wire, prefix: str) -> None:
        self.connection, self.prefix, self.fresh = connection, prefix, True


class Link:
    """``prefix`` comes before every key. ``in_background`` runs the job that asks a silent Redis again."""

    def __init__(self, url: str, *, prefix: str, in_background: Callable[[Callable[[], None]], object]) -> None:
        self.prefix = prefix
        self._background = in_background
        self._pool = redis.ConnectionPool.from_url(
            url,
            socket_timeout=PATIENCE,
            socket_connect_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        )
        self._idle: deque[_Line] = deque(maxlen=_MOST_IDLE)
        self._lock = threading.Lock()
        self._quiet_until = 0.0
        self.before_return: Callable[[], bool] | None = None
        _links.add(self)

    @property
    def down(self) -> bool:
        """Whether Redis is being left alone now."""
        return self._quiet_until > 0.0

    def call(self, script: Script, keys: Sequence[str], args: Sequence[Part], *, anyway: bool = False) -> Reply:
        """Runs a script; keys and the first argument, the prefix of tags, are completed here.

        Raises LinkDown, at once while Redis is left alone (unless ``anyway``) and after ``PATIENCE`` at most otherwise;
        Refused.
        """
        if self._quiet_until and not anyway:
            self._maybe_probe()
            raise LinkDown("Redis has not answered a moment ago.")
        try:
            return self._call(script, keys, args)
        except (redis.ConnectionError, redis.TimeoutError, OSError) as error:
            self.leave_alone()
            raise LinkDown(f"Redis does not answer: {type(error).__name__}") from error
        except redis.RedisError as error:
            raise Refused(f"Redis refuses: {type(error).__name__}") from error

    def _call(self, script: Script, keys: Sequence[str], args: Sequence[Part]) -> Reply:
        line = self._take()
        try:
            return self._ask(line, script, keys, args)
        except redis.TimeoutError:
            raise
        except (redis.ConnectionError, OSError):
            # The server may have restarted, or closed what was idle: a new connection says which.
            if line.fresh:
                raise
        self._idle.clear()
        return self._ask(self._connected(), script, keys, args)

    def _ask(self, line: _Line, script: Script, keys: Sequence[str], args: Sequence[Part]) -> Reply:
        named = [line.prefix + key for key in keys]
        command = (script.sha, len(named), *named, f"{line.prefix}t:", *args)
        answered = False
        try:
            line.connection.send_command("EVALSHA", *command, check_health=False)
            try:
                reply: Reply = line.connection.read_response()
            except NoScriptError:
                line.connection.send_command("EVAL", script.text, *command[1:], check_health=False)
                reply = line.connection.read_response()
            answered = True
        except redis.ResponseError:
            answered = True
            raise
        finally:
            if answered:
                line.fresh = False
                self._idle.append(line)
            else:
                line.connection.disconnect()
        return reply

    def _take(self) -> _Line:
        try:
            return self._idle.pop()
        except IndexError:
            return self._connected()

    def _connected(self) -> _Line:
        connection = cast(_Wire, self._pool.make_connection())
        try:
            connection.connect()
            connection.send_command("INFO", "server", check_health=False)
            told = connection.read_response()
        except redis.ResponseError:
            told = b""
        except BaseException:
            connection.disconnect()
            raise
        return _Line(connection, f"{self.prefix}:{_run_id(told)}:")

    def leave_alone(self) -> None:
        """Nobody asks Redis for ``REST`` seconds; then the background does."""
        self._quiet_until = monotonic() + REST
        self._idle.clear()

    def _maybe_probe(self) -> None:
        """Hands the question whether Redis is back to the background, once per ``REST``; no request waits for it."""
        with self._lock:
            if not self._quiet_until or monotonic() < self._quiet_until:
                return
            self._quiet_until = monotonic() + REST
        self._background(self.probe)

    def probe(self) -> None:
        """Asks Redis; when it answers, and what was missed has been made good, it is asked again by everybody."""
        try:
            line = self._connected()
        except (redis.RedisError, OSError):
            self.leave_alone()
            return
        line.connection.disconnect()
        try:
            ready = self.before_return is None or self.before_return()
        except (LinkDown, Refused):
            ready = False
        if ready:
            self._quiet_until = 0.0
        else:
            self.leave_alone()

    def hang_up(self) -> None:
        """Closes what is idle, and forgets that Redis was silent."""
        while self._idle:
            self._idle.pop().connection.disconnect()
        self._quiet_until = 0.0

    def forget(self) -> None:
        """After a fork: the parent's connections are not ours, nor its background job."""
        self._idle = deque(maxlen=_MOST_IDLE)
        self._lock = threading.Lock()
        self._quiet_until = 0.0


def _run_id(told: object) -> str:
    text = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name == "run_id":
            return value.strip()[:12]
    return "any"


_links: "WeakSet[Link]" = WeakSet()


def _in_child() -> None:
    for link in list(_links):
        link.forget()


os.register_at_fork(after_in_child=_in_child)
