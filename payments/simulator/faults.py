"""Scripted faults of the API: which requests fail, how, and how often."""

import random
import re
import threading
from dataclasses import dataclass, field
from typing import Any

from payments.simulator.shapes import Obj, new_id

KINDS = ("latency", "timeout_after", "drop_before", "drop_after", "error_500", "error_429")
_KNOWN = {"match", "times", "skip", "rate", "kind", "ms", "jitter_ms", "seconds", "retry_after", "after", "saved", "id"}

_TYPES: dict[str, tuple[type, ...]] = {
    "after": (bool,),
    "saved": (bool,),
    "id": (str,),
    "rate": (int, float),
    "seconds": (int, float),
}


def _check(name: str, value: Any) -> None:
    wanted: tuple[type, ...] = _TYPES.get(name, (int,))
    if (name == "times" and value is None) or (
        isinstance(value, wanted) and isinstance(value, bool) == (bool in wanted)
    ):
        return
    raise ValueError(f"fault field {name!r} must be {' or '.join(kind.__name__ for kind in wanted)}, got {value!r}")


@dataclass
class Rule:
    """One fault.

    Matches `method` (any if empty) and `path` (a regular expression searched in the path). Passes over the first `skip`
    matches, then applies to `times` of them (None = all), each with probability `rate`.

    latency: answers after `ms` (plus up to `jitter_ms`). timeout_after: does the work, remembers the answer, says nothing
    for `seconds`, then closes. drop_before / drop_after: closes without an answer, before or after the work. error_500:
    fails before the work, or after it with `after`; remembered under the idempotency key unless `saved` is false.
    error_429: refuses with Retry-After of `retry_after` seconds, never remembered.
    """

    kind: str
    method: str = ""
    path: str = ""
    times: int | None = 1
    skip: int = 0
    rate: float = 1.0
    ms: int = 0
    jitter_ms: int = 0
    seconds: float = 30.0
    retry_after: int = 1
    after: bool = False
    saved: bool = True
    id: str = field(default_factory=lambda: new_id("fault", 8))
    seen: int = 0
    hits: int = 0

    @classmethod
    def parse(cls, script: Obj) -> "Rule":
        """Read one rule; ValueError says what is wrong with it."""
        if unknown := set(script) - _KNOWN:
            raise ValueError(
                f"unknown field {sorted(unknown)[0]!r} in a fault rule: known are {', '.join(sorted(_KNOWN))}"
            )
        if script.get("kind") not in KINDS:
            raise ValueError(f"fault kind must be one of {', '.join(KINDS)}, got {script.get('kind')!r}")
        match: Any = script.get("match") or {}
        if isinstance(match, str):
            method, _, path = match.rpartition(" ")
            match = {"method": method, "path": path}
        path = str(match.get("path", ""))
        try:
            re.compile(path)
        except re.error as error:
            raise ValueError(f"fault path {path!r} is not a regular expression: {error}") from error
        rest = {name: value for name, value in script.items() if name not in ("match", "kind")}
        for name, value in rest.items():
            _check(name, value)
        return cls(kind=script["kind"], method=str(match.get("method", "")).upper(), path=path, **rest)

    def takes(self, method: str, path: str) -> bool:
        """Whether this request is one of the rule's; counts it."""
        if (self.method and self.method != method) or not re.search(self.path, path):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.hits >= self.times):
            return False
        if self.rate < 1.0 and random.random() >= self.rate:  # noqa: S311 - chance of a fault, not a secret
            return False
        self.hits += 1
        return True


@dataclass(frozen=True)
class Plan:
    """What happens to one request."""

    latency_s: float = 0.0
    fault: Rule | None = None

    def has(self, kind: str) -> bool:
        """Whether the fault is of this kind."""
        return self.fault is not None and self.fault.kind == kind


class Faults:
    """The rules in force, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rules: list[Rule] = []

    def add(self, rules: list[Rule]) -> None:
        """Append rules."""
        with self._lock:
            self._rules.extend(rules)

    def remove(self, identifier: str | None = None) -> int:
        """Remove one rule, or all; the number removed."""
        with self._lock:
            kept = [rule for rule in self._rules if identifier and rule.id != identifier]
            removed = len(self._rules) - len(kept)
            self._rules = kept
            return removed

    def listing(self) -> list[Obj]:
        """The rules with how often each was seen and hit."""
        with self._lock:
            return [dict(vars(rule)) for rule in self._rules]

    def plan(self, method: str, path: str) -> Plan:
        """The first latency rule and the first other rule that take this request."""
        with self._lock:
            latency: Rule | None = None
            fault: Rule | None = None
            for rule in self._rules:
                wanted = latency is None if rule.kind == "latency" else fault is None
                if not wanted or not rule.takes(method, path):
                    continue
                if rule.kind == "latency":
                    latency = rule
                else:
                    fault = rule
        if latency is None:
            return Plan(fault=fault)
        jitter = random.uniform(0, latency.jitter_ms)  # noqa: S311 - a delay, not a secret
        return Plan(latency_s=(latency.ms + jitter) / 1000, fault=fault)
