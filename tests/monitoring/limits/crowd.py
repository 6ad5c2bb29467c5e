"""What a process of its own does in the races and in the benchmark; it needs no Django."""

from uuid import uuid4

from monitoring.limits.store import Entry, Store


def admitted(url: str, key: str, limit: int, tries: int) -> int:
    """How many of ``tries`` requests of one key pass."""
    store = Store(url)
    entry = Entry("user", "window", key, limit, 600)
    return sum(store.take([entry], token=uuid4().hex).refused < 0 for _ in range(tries))
