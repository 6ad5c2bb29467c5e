"""The cache of a test: on, empty, its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch
from uuid import uuid4

from marketplace.core import cache
from marketplace.core.cache import background, touching


@contextmanager
def remembering_cache(*, commits: bool = False) -> Iterator[cache.Engine]:
    """The engine of this process, working. Nothing leaks: keys are under a word of this test, memory is emptied.

    A test inside one big transaction never commits; its touches count when the service's own transaction ends, unless the
    test says that it ``commits``.
    """
    engine = cache.engine()
    before = (engine.enabled, engine.link.prefix, engine.submit, engine.clock, engine.chance)
    background.crew.wait(10.0)
    engine.enabled, engine.submit = True, None
    engine.link.prefix = f"test:{uuid4().hex[:12]}"
    engine.link.hang_up()
    engine.local.clear()
    try:
        if commits:
            yield engine
        else:
            with patch.object(touching, "_Touch", _EagerTouch):
                yield engine
    finally:
        background.crew.wait(10.0)
        engine.enabled, engine.link.prefix, engine.submit, engine.clock, engine.chance = before
        engine.owes = False
        engine.link.hang_up()
        engine.local.clear()


class _Tags(dict[str, None]):
    """Sends what is added: what the test's own transaction surrounds is never committed."""

    def update(self, *args: Any, **kwargs: Any) -> None:
        super().update(*args, **kwargs)
        touching._send(list(self), written=set())


class _EagerTouch(touching._Touch):
    """A touch that does not wait for the commit; what is read inside the service's transaction is kept by nobody."""

    def __init__(self) -> None:
        super().__init__()
        self.tags = _Tags()
