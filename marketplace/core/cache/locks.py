"""One process of the hall at a time, for work whose fruit is the cache itself."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from marketplace.core.cache.engines import engine
from marketplace.core.cache.link import LinkDown, Refused
from marketplace.core.cache.terms import ms


@contextmanager
def alone(name: str, *, seconds: float) -> Iterator[bool]:
    """Whether this caller has the name to itself, for at most so long; never while Redis is away.

    It keeps work from being done twice at once, and nothing from being wrong: what must be right has PostgreSQL's locks.
    """
    here = engine()
    try:
        lease = here.store.claim(f"alone:{name}", (), lease_ms=ms(seconds)) if here.enabled else None
    except (LinkDown, Refused):
        lease = None
    try:
        yield lease is not None
    finally:
        if lease is not None:
            with suppress(LinkDown, Refused):
                here.store.release(f"alone:{name}", lease)
