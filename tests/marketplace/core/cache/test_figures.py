"""What is counted: by family, and by tier for the rule about the share of hits."""

import threading

from prometheus_client import REGISTRY

from marketplace.core import cache
from marketplace.core.cache import wiring
from marketplace.core.cache.family import Family
from tests.marketplace.core.cache.cases import Source, answered, family


def tier(name: str, outcome: str) -> float:
    return REGISTRY.get_sample_value("awning_cache_lookups_total", {"tier": name, "outcome": outcome}) or 0.0


def test_only_a_load_is_a_miss_for_the_share_of_hits(remembering: cache.Engine) -> None:
    numbers: Family[int] = family(int)
    before = [tier("families", outcome) for outcome in ("hit", "miss")]
    numbers.get("a", Source([1]))
    numbers.get("a", Source([]))
    numbers.get("a", Source([]))
    remembering.local.clear()
    numbers.get("a", Source([]))
    numbers.tally.write_down(now=0.0)
    after = [tier("families", outcome) for outcome in ("hit", "miss")]
    assert [new - old for old, new in zip(before, after, strict=True)] == [3, 1]


def test_no_hit_is_lost_between_threads(remembering: cache.Engine) -> None:
    numbers: Family[int] = family(int)
    numbers.get("a", Source([1]))
    threads = [threading.Thread(target=lambda: [numbers.get("a", Source([])) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answered(numbers)["hit_local"] == 4_000


def test_what_left_memory_is_written_down(remembering: cache.Engine) -> None:
    before = REGISTRY.get_sample_value("awning_cache_local_evictions_total") or 0.0
    remembering.local.evicted = 3
    wiring.write_down()
    wiring.write_down()
    assert (REGISTRY.get_sample_value("awning_cache_local_evictions_total") or 0.0) - before == 3
