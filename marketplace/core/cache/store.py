"""The shared cache as it is spoken to: read, claim, keep, release and touch, each in one round trip."""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import monotonic
from typing import Final

from marketplace.core.cache.figures import round_trip
from marketplace.core.cache.link import Link, Part, Script

# A generation outlives whatever was made under it: hard ends are at most half of this (milliseconds).
GENERATION_MS: Final = 48 * 3600 * 1000
# One that nothing was made under yet lives longer than any load.
UNUSED_MS: Final = 120 * 1000
LONGEST_HARD: Final = 24 * 3600.0
# After a touch a replica is not believed for so long (seconds); longer than the lag at which it is left out.
REPLICA_DOUBT: Final = 10.0
_LONG_KEY = 120
_TOUCHED_AT_ONCE = 500

_READ, _CLAIM, _KEEP = Script("read"), Script("claim"), Script("keep")
_RELEASE, _TOUCH = Script("release"), Script("touch")


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to load a value. ``born`` is when the load began, by Redis' clock in µs, as text of 16 digits.

    ``recent`` says that something the value is made of was touched a moment ago: read the primary.
    """

    claimant: str
    born: str
    recent: bool
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reading:
    """A valid value with its tags, or a lease to load it, or neither: somebody else is loading it."""

    packed: bytes | None = None
    tags: dict[str, str] = field(default_factory=dict)
    lease: Lease | None = None


class Store:
    """Values by name; raises LinkDown and Refused as the link does."""

    def __init__(self, link: Link) -> None:
        self.link = link

    def look(self, name: str) -> Reading:
        """The value if it is there and nothing it is made of has been touched since."""
        began = monotonic()
        answer = self.link.call(_READ, (f"v:{name}", f"l:{name}"), ("", 0, 0, 0))
        round_trip("look", began)
        return Reading(*_parted(answer[0])) if answer[0] is not None else Reading()

    def read(self, name: str, depends: Sequence[str], *, lease_ms: int) -> Reading:
        """The value, or a lease when nobody else holds one."""
        claimant, began = secrets.token_hex(6), monotonic()
        answer = self.link.call(
            _READ, (f"v:{name}", f"l:{name}"), (claimant, lease_ms, GENERATION_MS, _DOUBT_US, *depends)
        )
        round_trip("read", began)
        if answer[0] is not None:
            return Reading(*_parted(answer[0]))
        if not answer[1]:
            return Reading()
        return Reading(lease=_lease(claimant, answer[2:], depends))

    def claim(self, name: str, depends: Sequence[str], *, lease_ms: int) -> Lease | None:
        """The right to load a value anew; None when somebody else has it."""
        claimant = secrets.token_hex(6)
        answer = self.link.call(_CLAIM, (f"l:{name}",), (claimant, lease_ms, GENERATION_MS, _DOUBT_US, *depends))
        return _lease(claimant, answer[1:], depends) if answer[0] else None

    def keep(
        self, name: str, lease: Lease, packed: bytes, tags: Mapping[str, str], *, life_ms: int, replica: bool
    ) -> tuple[str, dict[str, str]]:
        """Keeps a loaded value; says "kept" with the generations, "touched" or "older".

        ``replica``: it was read where the last seconds may be missing, so that a touch just before the load counts.
        """
        began = monotonic()
        since = f"{int(lease.born) - (_DOUBT_US if replica else 0):016d}"
        args: list[Part] = [lease.claimant, lease.born, since, life_ms, GENERATION_MS, len(tags)]
        for tag, generation in tags.items():
            args += (tag, generation)
        answer = self.link.call(_KEEP, (f"v:{name}", f"l:{name}"), (*args, packed))
        round_trip("keep", began)
        names = [part.decode() for part in answer[1:]]
        return answer[0].decode(), dict(zip(tags, names, strict=True)) if names else {}

    def release(self, name: str, lease: Lease, *, after_ms: int = 0) -> None:
        """Lets others load the value, at once or after so long."""
        self.link.call(_RELEASE, (f"l:{name}",), (lease.claimant, after_ms))

    def touch(self, tags: Sequence[str], *, anyway: bool = False) -> None:
        """Ends the belief in everything made of these; ``anyway`` also while Redis is left alone."""
        began = monotonic()
        for start in range(0, len(tags), _TOUCHED_AT_ONCE):
            part = tags[start : start + _TOUCHED_AT_ONCE]
            self.link.call(_TOUCH, (), (secrets.token_hex(6), GENERATION_MS, UNUSED_MS, *part), anyway=anyway)
        round_trip("touch", began)


_DOUBT_US = int(REPLICA_DOUBT * 1_000_000)


def named(family: str, shape: str, key: str) -> str:
    """The name of a value in Redis, short whatever the key is."""
    if len(key) > _LONG_KEY:
        key = f"{key[:40]}~{hashlib.blake2b(key.encode(), digest_size=20).hexdigest()}"
    return f"{family}:{shape}:{key}"


def _lease(claimant: str, answer: "Sequence[bytes | int]", depends: Sequence[str]) -> Lease:
    born, recent, *generations = answer
    texts = [part.decode() for part in generations if isinstance(part, bytes)]
    assert isinstance(born, bytes)  # noqa: S101 - the script answers so
    return Lease(claimant, born.decode(), bool(recent), dict(zip(depends, texts, strict=True)))


def _parted(held: bytes) -> "tuple[bytes, dict[str, str]]":
    end = 6 + int(held[:6])
    lines = held[22:end].decode().splitlines()
    return held[end:], dict(line.split("=", 1) for line in lines)
