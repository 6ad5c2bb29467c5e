"""The cache of a process that has just started: where it is, who makes its touches good, and what is counted."""

from datetime import UTC, datetime

from marketplace.core import sweeps
from marketplace.core.cache import ops_panel
from marketplace.core.cache.engines import configure, engine
from marketplace.core.cache.family import families
from marketplace.core.cache.figures import write_down_evictions
from marketplace.core.cache.touching import make_good, settle
from monitoring import background

# Seconds between two writings of what was found in memory.
_WRITTEN_EVERY = 5.0


def start(url: str, *, prefix: str, in_background: bool) -> None:
    """Called when the app is ready."""
    made = configure(url, prefix=prefix, in_background=in_background)
    made.link.before_return = make_good
    ops_panel.register()
    sweeps.register("core.cache", every=2.0, run=settle)
    background.register("core.cache", every=_WRITTEN_EVERY, run=write_down)


def write_down(now: datetime | None = None) -> None:
    """Writes down the hits in memory that no slower answer has written down."""
    moment = (now or datetime.now(UTC)).timestamp()
    for family in families():
        family.tally.write_down(now=moment)
    write_down_evictions(engine().local)
