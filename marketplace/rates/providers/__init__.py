"""The houses that are asked for rates, one module each. A provider makes one call for all pairs."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from marketplace.core.breaker import Breaker
from marketplace.rates.tiers import Quoted


@dataclass(frozen=True, slots=True)
class Provider:
    """``fetch`` takes our time and returns what it was told; raises ProviderFailed. Its breaker is shared by all processes."""

    name: str
    fetch: Callable[[datetime], list[Quoted]]
    breaker: Breaker
