"""What one process remembers for seconds: no lock and no network on a hit, bounded by bytes."""

import threading
from dataclasses import dataclass, field
from typing import Any

Generations = dict[str, str]
# Tags whose last touch is remembered; older ones are forgotten together, on the safe side.
_REMEMBERED = 10_000


@dataclass(slots=True, eq=False)
class Entry:
    """A decoded value. ``until`` and ``soft_at`` are of the engine's clock (seconds); ``tags`` with their generations."""

    value: Any
    until: float
    soft_at: float
    tags: Generations
    size: int
    used: bool = field(default=False)


class Local:
    """Second chance: what was read since the last look stays, what was not goes first."""

    def __init__(self, *, most: int) -> None:
        self.most = most
        self.size = 0
        self.evicted = 0
        self._entries: dict[tuple[str, str], Entry] = {}
        self._under: dict[str, set[tuple[str, str]]] = {}
        self._touched: dict[str, int] = {}
        self._floor = self._moment = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, place: tuple[str, str], now: float) -> Entry | None:
        """The entry, unless its time is over."""
        entry = self._entries.get(place)
        if entry is None or entry.until <= now:
            return None
        entry.used = True
        return entry

    def moment(self) -> int:
        """To be taken before a value is read elsewhere, for ``put``."""
        return self._moment

    def put(self, place: tuple[str, str], entry: Entry, *, since: int) -> bool:
        """Remembers it, unless one of its tags was touched in this process after ``since``."""
        if entry.size > self.most // 4:
            return False
        with self._lock:
            if since < self._floor or any(self._touched.get(tag, -1) > since for tag in entry.tags):
                return False
            self._remove(place)
            self._entries[place] = entry
            self.size += entry.size
            for tag in entry.tags:
                self._under.setdefault(tag, set()).add(place)
            self._shrink()
        return True

    def touch(self, tags: "list[str] | tuple[str, ...]") -> None:
        """Forgets everything made of these, now and while it is on its way."""
        with self._lock:
            self._moment += 1
            for tag in tags:
                self._touched[tag] = self._moment
                for place in list(self._under.get(tag, ())):
                    self._remove(place)
            if len(self._touched) > _REMEMBERED:
                self._touched.clear()
                self._floor = self._moment

    def drop(self, place: tuple[str, str]) -> None:
        """Forgets one."""
        with self._lock:
            self._remove(place)

    def clear(self) -> None:
        """Forgets all, also what is on its way."""
        with self._lock:
            self._entries.clear()
            self._under.clear()
            self._touched.clear()
            self._moment += 1
            self._floor = self._moment
            self.size = 0

    def _remove(self, place: tuple[str, str]) -> None:
        entry = self._entries.pop(place, None)
        if entry is None:
            return
        self.size -= entry.size
        for tag in entry.tags:
            places = self._under.get(tag)
            if places is not None:
                places.discard(place)
                if not places:
                    del self._under[tag]

    def _shrink(self) -> None:
        while self.size > self.most:
            place, entry = next(iter(self._entries.items()))
            if entry.used:
                # Read since the last look: to the end of the line, once.
                entry.used = False
                self._entries[place] = self._entries.pop(place)
                continue
            self._remove(place)
            self.evicted += 1
