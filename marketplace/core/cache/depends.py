"""What a value is made of: the tags it depends on, collected while it is loaded."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

# No generation ever has this name: what depends on it is not kept.
TORN = "!"
# Tags of one value: more are a list that should depend on a word for all of them.
MOST_TAGS = 200
_TAG = re.compile(r"[A-Za-z0-9_.:@/*-]{1,100}\Z")


class BadTag(ValueError):
    """A tag that cannot be one."""


def checked(tag: str) -> str:
    """The tag. Raises BadTag for anything but a short word such as ``product:12``."""
    if not _TAG.match(tag):
        raise BadTag(f"{tag!r} is not a tag: use a short word such as product:12.")
    return tag


@dataclass(slots=True)
class Collected:
    """Tags with the generation under which each was read ("" while unknown), and until when all of it is fresh.

    ``soft_at`` is in seconds since the epoch. Iterating gives the tags.
    """

    tags: dict[str, str] = field(default_factory=dict)
    soft_at: float = float("inf")

    def __iter__(self) -> Iterator[str]:
        return iter(self.tags)

    def __contains__(self, tag: str) -> bool:
        return tag in self.tags

    def __len__(self) -> int:
        return len(self.tags)

    def add(self, tags: Mapping[str, str], *, soft_at: float = float("inf")) -> None:
        """Adds what something else was made of. One tag read under two generations cannot be kept."""
        for tag, generation in tags.items():
            known = self.tags.get(tag, "")
            self.tags[tag] = known or generation if not (known and generation) or known == generation else TORN
        self.soft_at = min(self.soft_at, soft_at)

    def spoil(self) -> None:
        """Whatever is made of this is not to be kept."""
        self.tags[TORN_TAG] = TORN

    @property
    def spoiled(self) -> bool:
        """Whether a value made of this may not be kept."""
        return len(self.tags) > MOST_TAGS or TORN in self.tags.values()


TORN_TAG = "torn"
_open: ContextVar[Collected | None] = ContextVar("cache_collecting", default=None)


@contextmanager
def collecting() -> Iterator[Collected]:
    """Yields what everything read inside depends on; what surrounds it inherits that."""
    inner = Collected()
    token = _open.set(inner)
    try:
        yield inner
    finally:
        _open.reset(token)
        outer = _open.get()
        if outer is not None:
            outer.add(inner.tags, soft_at=inner.soft_at)


@contextmanager
def alone(inner: Collected) -> Iterator[None]:
    """Collects into ``inner`` and tells nobody around: who loads tells them, with the generations it got."""
    token = _open.set(inner)
    try:
        yield
    finally:
        _open.reset(token)


def note(tags: Mapping[str, str], *, soft_at: float = float("inf")) -> None:
    """Tells whoever collects what has been read."""
    outer = _open.get()
    if outer is not None:
        outer.add(tags, soft_at=soft_at)


def spoil() -> None:
    """Tells whoever collects that this may not be kept: it was read inside an open transaction, or torn."""
    outer = _open.get()
    if outer is not None:
        outer.spoil()


def depend(*tags: str) -> None:
    """Says inside a load what its value depends on, where that is known only then."""
    note({checked(tag): "" for tag in tags})
