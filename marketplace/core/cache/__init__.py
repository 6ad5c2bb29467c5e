"""The cache: memory of seconds over Redis over PostgreSQL. What everything else needs of it.

A module of queries declares its families; services touch the tags of what they change. See docs/operations/cache.md.
"""

from marketplace.core.cache.depends import Collected, collecting, depend
from marketplace.core.cache.engines import Engine, configure, engine
from marketplace.core.cache.family import Claim, Family, declare, families
from marketplace.core.cache.locks import alone
from marketplace.core.cache.terms import Found
from marketplace.core.cache.touching import EVERYTHING, make_good, settle, touch, touch_now

__all__ = [
    "EVERYTHING",
    "Claim",
    "Collected",
    "Engine",
    "Family",
    "Found",
    "alone",
    "collecting",
    "configure",
    "declare",
    "depend",
    "engine",
    "families",
    "make_good",
    "settle",
    "touch",
    "touch_now",
]
