"""Circuit breakers: a foreign service that fails is left alone, and one call of all processes tries it again.

State lives in Redis and changes in one script by Redis' clock. While it is closed a call costs no Redis call, or one a
second; without Redis each process decides for itself by the same rule.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from time import monotonic, time
from uuid import uuid4

from django.apps import apps

from marketplace.core.breaker_local import LocalBreaker
from marketplace.core.breaker_store import Answer, Op, Policy, State, Store, StoreDown, store
from marketplace.core.errors import NotFound, Unavailable
from monitoring.health.registry import Check, Finding, register
from monitoring.metrics.instruments import counter, gauge

logger = logging.getLogger(__name__)

# Seconds for which a process believes what it was last told; a reset reaches everybody within them.
BELIEVED = 1.0
_CODES: dict[str, int] = {"closed": 0, "half_open": 1, "open": 2}
_STATE = gauge("breaker_state", "0 closed, 1 trying again, 2 open.", ["breaker"], mode="livemostrecent")
_TRANSITIONS = counter("breaker_transitions", "Changes of state, by the state that was entered.", ["breaker", "to"])
_REFUSED = counter("breaker_refused", "Calls that were not made.", ["breaker"])


class BreakerOpen(Unavailable):
    """The call was not made: the other side has failed too often. ``retry_after`` seconds may change that."""

    code = "breaker_open"


@dataclass(frozen=True, slots=True)
class Failure:
    """What an error says against the other side. ``cause`` without secrets; ``retry_after`` in seconds, 0 for none."""

    cause: str
    retry_after: float = 0.0


class Answered:
    """The verdict on an error that proves the other side well: a refusal, a declined card, our own mistake."""


ANSWERED = Answered()
# None: the error says nothing, such as one of our own before anything was sent.
Judge = Callable[[BaseException], "Failure | Answered | None"]


@dataclass(frozen=True, slots=True)
class Status:
    """A breaker for people: times are aware UTC. ``shared`` is False while this process decides without Redis."""

    name: str
    state: State
    since: datetime | None
    until: datetime | None
    cause: str
    last_success: datetime | None
    last_failure: datetime | None
    failures: int
    shared: bool


@dataclass(slots=True)
class _Pass:
    """One call let through; a token makes it Redis' probe."""

    token: str = ""
    local_probe: bool = False


class Breaker:
    """Make one per foreign service with ``declare``, and wrap every call: ``with breaker.watching(judge):``."""

    def __init__(self, name: str, policy: Policy, *, place: Callable[[], Store]) -> None:
        self.name, self.policy, self._place = name, policy, place
        self._lock = threading.Lock()
        self._local = LocalBreaker(policy)
        self._told: Answer | None = None
        self._told_at = self._reported_at = 0.0
        self._successes = 0
        self._cause = ""
        self._opened_at = self._good_at = self._bad_at = 0.0
        self.touched = False

    @contextmanager
    def watching(self, judge: Judge) -> Iterator[None]:
        """Lets the block run and learns from how it ends. Raises BreakerOpen instead of running it."""
        leave = self._enter()
        try:
            yield
        except BaseException as error:
            verdict = judge(error)
            if isinstance(verdict, Failure):
                self._failed(leave, verdict)
            elif verdict is None:
                self._said_nothing(leave)
            else:
                self._succeeded(leave)
            raise
        self._succeeded(leave)

    def refuses(self) -> bool:
        """Whether a call now would be refused, also because somebody else is trying again; takes no probe.

        For work that can wait without being touched.
        """
        told = self._believed()
        if told is None:
            told = self._ask_store("read")
        with self._lock:
            if told is None:
                until = self._local.open_until
                return until is not None and monotonic() < max(until, self._local.probing_until)
        return told.state == "open" or not told.allowed

    # --- before the call --------------------------------------------------------------------------------------------

    def _enter(self) -> _Pass:
        self.touched = True
        told = self._believed()
        if told is None:
            token = uuid4().hex
            told = self._ask_store("ask", token=token, count=self._take_successes())
            if told is not None and told.probe:
                return _Pass(token=token)
        if told is not None:
            if not told.allowed:
                self._refuse(told.wait - (monotonic() - self._told_at))
            return _Pass()
        with self._lock:
            ruling = self._local.ask(monotonic())
        if not ruling.allowed:
            self._refuse(ruling.wait)
        return _Pass(local_probe=ruling.probe)

    def _refuse(self, wait: float) -> None:
        _REFUSED.labels(self.name).inc()
        raise BreakerOpen(f"{self.name} has failed too often and is left alone.", retry_after=max(1.0, wait))

    def _believed(self) -> Answer | None:
        """What Redis said less than a moment ago; a refusal only for as long as it was meant to last."""
        with self._lock:
            told = self._told
            if told is None or told.probe:
                return None
            lasts = BELIEVED if told.allowed else min(BELIEVED, told.wait)
            return told if monotonic() - self._told_at < lasts else None

    # --- after the call ---------------------------------------------------------------------------------------------

    def _succeeded(self, leave: _Pass) -> None:
        probe = leave.local_probe or bool(leave.token)
        with self._lock:
            now, self._good_at = monotonic(), time()
            closed = self._local.succeeded(now, probe=probe)
            self._successes += 1
            report = probe or now - self._reported_at >= BELIEVED
            if report:
                self._reported_at = now
        told = self._ask_store("ok", token=leave.token, count=self._take_successes()) if report else None
        if closed and (told is None or not told.transition):
            self._changed("closed")

    def _failed(self, leave: _Pass, failure: Failure) -> None:
        cause = failure.cause[:200]
        probe = leave.local_probe or bool(leave.token)
        with self._lock:
            self._bad_at = time()
            opened = self._local.failed(monotonic(), probe=probe, retry_after=failure.retry_after)
            if opened:
                self._cause, self._opened_at = cause, self._bad_at
        told = self._ask_store(
            "fail",
            token=leave.token,
            count=self._take_successes(),
            retry_after=failure.retry_after,
            cause=cause,
        )
        if opened and told is None:
            self._changed("open", cause=cause)

    def _said_nothing(self, leave: _Pass) -> None:
        if leave.token:
            self._ask_store("drop", token=leave.token)
        if leave.local_probe:
            with self._lock:
                self._local.dropped()

    # --- Redis ------------------------------------------------------------------------------------------------------

    def _take_successes(self) -> int:
        with self._lock:
            count, self._successes = self._successes, 0
        return count

    def _ask_store(
        self, op: Op, *, token: str = "", count: int = 0, retry_after: float = 0.0, cause: str = ""
    ) -> Answer | None:
        """The script's answer, remembered; None when Redis does not decide."""
        try:
            told = self._place().run(
                op,
                name=self.name,
                policy=self.policy,
                token=token,
                count=count,
                retry_after=retry_after,
                cause=cause,
            )
        except StoreDown:
            with self._lock:
                self._told = None
            return None
        with self._lock:
            self._told, self._told_at = _as_rule(told, op), monotonic()
            self._local.follow(told, self._told_at)
        _STATE.labels(self.name).set(_CODES[told.state])
        if told.transition:
            self._changed(told.transition, cause=told.cause)
        return told

    def _changed(self, to: str, *, cause: str = "") -> None:
        _STATE.labels(self.name).set(_CODES.get(to, 0))
        _TRANSITIONS.labels(self.name, to).inc()
        log = logger.info if to == "half_open" else logger.warning
        log("breaker.%s", to, extra={"breaker": self.name, "cause": cause or self._cause})

    # --- for people -------------------------------------------------------------------------------------------------

    def status(self) -> Status:
        """The state as it is now, from Redis or from this process; the other side is not called."""
        told = self._ask_store("read")
        if told is not None:
            return Status(
                name=self.name,
                state=told.state,
                since=_moment(told.since),
                until=_moment(told.until),
                cause=told.cause,
                last_success=_moment(told.last_success),
                last_failure=_moment(told.last_failure),
                failures=told.failures,
                shared=True,
            )
        with self._lock:
            return self._local_status(monotonic())

    def _local_status(self, now: float) -> Status:
        until = self._local.open_until
        state: State = "closed" if until is None else "open" if now < until else "half_open"
        return Status(
            name=self.name,
            state=state,
            since=_moment(self._opened_at if until is not None else 0.0),
            until=_moment(time() + until - now if until is not None else 0.0),
            cause=self._cause if until is not None else "",
            last_success=_moment(self._good_at),
            last_failure=_moment(self._bad_at),
            failures=self._local.row,
            shared=False,
        )

    def reset(self, *, by: str) -> bool:
        """Closes it at once, for everybody within a second; False when Redis did not hear of it."""
        with self._lock:
            self._local.close()
            self._told, self._successes = None, 0
        told = self._ask_store("reset")
        self.touched = False
        logger.warning("breaker.reset", extra={"breaker": self.name, "by": by, "shared": told is not None})
        return told is not None


def _as_rule(told: Answer, op: Op) -> Answer | None:
    """The part of an answer that may be believed for a moment: whether calls go out."""
    if op == "ask" or told.state == "closed":
        return told
    if told.state == "open":
        return replace(told, allowed=False, wait=told.until - told.now)
    return None


def _moment(seconds: float) -> datetime | None:
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


def _store() -> Store:
    place: tuple[str, str] = apps.get_app_config("core").breaker_store  # type: ignore[attr-defined]
    return store(*place)


# --- all of them ----------------------------------------------------------------------------------------------------

_breakers: dict[str, Breaker] = {}


def declare(name: str, policy: Policy | None = None) -> Breaker:
    """The breaker of one foreign service, with its health check. Call it once, at the top of the service's module."""
    if name in _breakers:
        raise ValueError(f"Two breakers are called {name!r}: give one another name.")
    breaker = _breakers[name] = Breaker(name, policy or Policy(), place=_store)
    register(Check(name=name, run=lambda: finding(breaker.status()), section="breakers"))
    return breaker


def breakers() -> list[Breaker]:
    """All breakers of this process, by name."""
    return sorted(_breakers.values(), key=lambda breaker: breaker.name)


def statuses() -> list[Status]:
    """All breakers as they are now; no foreign service is called."""
    return [breaker.status() for breaker in breakers()]


def reset(name: str, *, by: str) -> bool:
    """Closes a breaker by hand; ``by`` goes into the log. False when Redis did not hear of it. Raises NotFound."""
    if name not in _breakers:
        known = ", ".join(sorted(_breakers)) or "none"
        raise NotFound(f"There is no breaker {name!r}; there are: {known}.")
    return _breakers[name].reset(by=by)


def finding(status: Status) -> Finding:
    """What the health pages say about a breaker: an open one degrades the hall and never closes it."""
    figures = {
        "state": status.state,
        "since": _text(status.since),
        "until": _text(status.until),
        "last_success": _text(status.last_success),
        "last_failure": _text(status.last_failure),
        "failures": status.failures,
        "shared": status.shared,
    }
    if status.state == "open":
        return Finding("failed", f"Left alone after {status.cause or 'failures'}.", figures)
    if status.state == "half_open":
        return Finding("warning", f"Waiting for one call to try again, after {status.cause or 'failures'}.", figures)
    if not status.shared:
        return Finding("warning", "Redis does not decide: each process decides for itself.", figures)
    return Finding("ok", "", figures)


def _text(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
