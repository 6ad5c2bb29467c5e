"""Whether a call to the provider goes out at all: a breaker for the provider's sake, a bulkhead for ours."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from email.utils import parsedate_to_datetime

from django.apps import apps

from marketplace.core import breaker
from marketplace.core.breaker import ANSWERED, Answered, BreakerOpen, Failure
from marketplace.core.breaker_store import Policy
from marketplace.core.errors import AwningError, Unavailable
from monitoring.metrics.instruments import counter, gauge
from payments.provider import ProviderUnavailable, ProviderUnknown

# Shorter than the usual five minutes: paid orders wait for the provider's answer, and all is to be well within 120 s
# after the last fault. ``probe`` outlasts the longest call, a list of several pages of at most 8 s each.
STRIPE = breaker.declare("stripe", Policy(rest=30.0, longest=60.0, probe=30.0))

_WAITING = gauge("provider_calls", "Calls to the payment provider at this moment.")
_FULL = counter("provider_calls_refused", "Calls not made because too many are under way in this process.")


class Crowded(Unavailable):
    """As many calls as this process may make at once are under way."""

    code = "provider_crowded"


class Bulkhead:
    """At most ``most`` callers at once; the next one is refused instead of waiting in one more thread."""

    def __init__(self, most: int) -> None:
        self.most, self.taken = most, 0
        self._lock = threading.Lock()

    @contextmanager
    def seat(self) -> Iterator[None]:
        """Holds one place. Raises Crowded."""
        with self._lock:
            if self.taken >= self.most:
                _FULL.inc()
                raise Crowded(f"{self.taken} calls are under way already.", retry_after=1.0)
            self.taken += 1
        _WAITING.inc()
        try:
            yield
        finally:
            _WAITING.dec()
            with self._lock:
                self.taken -= 1


def resting() -> bool:
    """Whether the provider is being left alone: a sweep then touches no row, and no attempt is counted."""
    return STRIPE.refuses()


@contextmanager
def admitted(what: str) -> Iterator[None]:
    """Runs the call inside. Raises ProviderUnavailable, at once and with nothing sent, while it may not go out."""
    bulkhead: Bulkhead = apps.get_app_config("payments").bulkhead  # type: ignore[attr-defined]
    try:
        with bulkhead.seat(), STRIPE.watching(_verdict):
            yield
    except (BreakerOpen, Crowded) as refused:
        raise ProviderUnavailable(f"{what}: {refused}", retry_after=refused.retry_after) from refused


def _verdict(error: BaseException) -> Failure | Answered | None:
    """Only the provider's own trouble counts against it: a declined card or a bad request proves that it answers."""
    if isinstance(error, ProviderUnavailable | ProviderUnknown):
        return Failure(str(error)[:80], retry_after=error.retry_after or 0.0)
    return ANSWERED if isinstance(error, AwningError) else None


def asked_to_wait(headers: Mapping[str, str]) -> float | None:
    """Seconds that the provider asks us to wait. A date counts from the answer's own, whatever our clock says."""
    asked = headers.get("retry-after", "")
    try:
        seconds = float(asked)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(asked) - parsedate_to_datetime(headers.get("date", ""))).total_seconds()
        except (TypeError, ValueError):
            return None
    return seconds if 0 < seconds < float("inf") else None
