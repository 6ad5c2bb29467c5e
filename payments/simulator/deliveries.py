"""Webhook deliveries as rows: placed in the transaction of their event, bent by the scripted modes."""

import threading
import time
from dataclasses import dataclass, field
from typing import Any

from payments.simulator.shapes import Obj
from payments.simulator.store import Store

WAITING = ("pending", "sending", "reorder")


@dataclass
class Modes:
    """Scripted misbehaviour of webhooks.

    duplicate: copies sent of each event (1 = normal). delay_ms: before the first attempt. drop_every: each nth event is
    never sent. drop_types: these are never sent. hold: nothing (or only hold_types) leaves until released.
    reorder: deliver in reversed batches of this many, a shorter batch after reorder_wait_ms of quiet.
    """

    duplicate: int = 1
    delay_ms: int = 0
    drop_every: int = 0
    drop_types: frozenset[str] = frozenset()
    hold: bool = False
    hold_types: frozenset[str] = frozenset()
    reorder: int = 0
    reorder_wait_ms: int = 500

    @classmethod
    def parse(cls, script: Obj) -> "Modes":
        """Read ``{duplicate, reorder, reorder_wait_ms, delay_ms, drop, hold}``; ValueError names what is wrong.

        `drop` is a number (every nth), a type, a list of types, or ``{"every": n, "types": […]}``;
        `hold` is true or a list of types.
        """
        known = {"duplicate", "reorder", "reorder_wait_ms", "delay_ms", "drop", "hold"}
        if unknown := set(script) - known:
            raise ValueError(f"unknown webhook mode {sorted(unknown)[0]!r}: known are {', '.join(sorted(known))}")
        drop_every, drop_types = _drop(script.get("drop"))
        hold = script.get("hold", False)
        return cls(
            duplicate=_count(script, "duplicate", default=1, minimum=1),
            delay_ms=_count(script, "delay_ms"),
            drop_every=drop_every,
            drop_types=drop_types,
            hold=bool(hold),
            hold_types=frozenset(hold) if isinstance(hold, list) else frozenset(),
            reorder=_count(script, "reorder"),
            reorder_wait_ms=_count(script, "reorder_wait_ms", default=500),
        )

    def drops(self, kind: str, nth: int) -> bool:
        """Whether the nth event since the modes were set is lost."""
        return kind in self.drop_types or bool(self.drop_every and nth % self.drop_every == 0)

    def holds(self, kind: str) -> bool:
        """Whether the event waits for a release."""
        return self.hold and (not self.hold_types or kind in self.hold_types)


def _count(script: Obj, name: str, *, default: int = 0, minimum: int = 0) -> int:
    value = script.get(name, default)
    if not isinstance(value, int) or isinstance(value, bool) or value < minimum:
        raise ValueError(f"webhook mode {name!r} must be a whole number of at least {minimum}, got {value!r}")
    return value


def _drop(value: Any) -> tuple[int, frozenset[str]]:
    if value in (None, False):
        return 0, frozenset()
    if isinstance(value, dict):
        return _count(value, "every"), frozenset(value.get("types", ()))
    if isinstance(value, str):
        return 0, frozenset({value})
    if isinstance(value, list):
        return 0, frozenset(value)
    return _count({"drop": value}, "drop"), frozenset()


@dataclass
class Outbox:
    """Places deliveries and answers questions about them."""

    store: Store
    modes: Modes = field(default_factory=Modes)
    url: str | None = None
    secret: str = ""
    wake: threading.Event = field(default_factory=threading.Event)
    placed: int = 0

    def set_modes(self, modes: Modes) -> None:
        """Replace the scripted modes and start their counting anew."""
        with self.store.lock:
            self.modes = modes
            self.placed = 0

    def place(self, event: str, kind: str) -> None:
        """Queue an event for delivery, inside the caller's transaction."""
        if not self.url:
            return
        self.placed += 1
        now = time.time()
        due_at = now + self.modes.delay_ms / 1000
        if self.modes.drops(kind, self.placed):
            states = ["dropped"]
        elif self.modes.holds(kind):
            states = ["held"] * self.modes.duplicate
        else:
            states = ["reorder" if self.modes.reorder > 1 else "pending"] * self.modes.duplicate
        for state in states:
            self.store.run(
                "INSERT INTO deliveries(event, type, state, due_at, created_at) VALUES (?, ?, ?, ?, ?)",
                (event, kind, state, due_at, now),
            )
        self.wake.set()

    def resend(self, event: str, kind: str) -> None:
        """Queue one more delivery of an event, past every mode."""
        now = time.time()
        self.store.run(
            "INSERT INTO deliveries(event, type, state, due_at, created_at) VALUES (?, ?, 'pending', ?, ?)",
            (event, kind, now, now),
        )
        self.wake.set()

    def release(self, *, types: frozenset[str] = frozenset(), reverse: bool = False, keep_holding: bool = False) -> int:
        """Let held deliveries go, in their order or reversed; the number released."""
        with self.store.transaction():
            rows = self.store.rows("SELECT seq, type FROM deliveries WHERE state = 'held' ORDER BY seq")
            chosen = [row["seq"] for row in rows if not types or row["type"] in types]
            start = time.time()
            for place, seq in enumerate(reversed(chosen) if reverse else chosen):
                # Microsecond steps keep the order of release: deliveries leave by due time.
                self.store.run(
                    "UPDATE deliveries SET state = 'pending', due_at = ? WHERE seq = ?", (start + place * 1e-6, seq)
                )
            if not keep_holding:
                self.modes.hold = False
        self.wake.set()
        return len(chosen)

    def waiting(self) -> int:
        """Deliveries not yet settled, without the held ones."""
        marks = ", ".join("?" for _ in WAITING)
        return int(self.store.rows(f"SELECT count(*) AS n FROM deliveries WHERE state IN ({marks})", WAITING)[0]["n"])  # noqa: S608

    def log(self, *, event: str | None = None, limit: int = 1000) -> list[Obj]:
        """Deliveries, newest first."""
        condition, values = ("WHERE event = ?", [event]) if event else ("", [])
        rows = self.store.rows(f"SELECT * FROM deliveries {condition} ORDER BY seq DESC LIMIT ?", [*values, limit])  # noqa: S608
        return [dict(row) for row in rows]
