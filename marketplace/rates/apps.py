from collections.abc import Callable
from datetime import datetime
from functools import partial

from django.apps import AppConfig
from django.conf import settings

from marketplace.rates.providers import Provider
from marketplace.rates.tiers import Quoted


class RatesConfig(AppConfig):
    """``chain`` is the providers in the order in which they are asked."""

    name = "marketplace.rates"
    label = "rates"

    chain: tuple[Provider, ...] = ()

    def ready(self) -> None:
        from marketplace.core import breaker, partitions
        from marketplace.rates import alert_rules, ops_panels, watching
        from marketplace.rates.models import BY_MONTH
        from marketplace.rates.providers import bitstamp, coinbase, coingecko
        from monitoring.health.registry import Check, register
        from monitoring.metrics import collected
        from monitoring.ops import freshness

        given = settings.RATES
        fetchers: dict[str, Callable[[datetime], list[Quoted]]] = {
            "coingecko": partial(coingecko.fetch, base=given.api_base, key=given.api_key),
            "coinbase": coinbase.fetch,
            "bitstamp": bitstamp.fetch,
        }
        self.chain = tuple(Provider(name, fetchers[name], breaker.declare(f"rates-{name}")) for name in given.providers)
        partitions.register(BY_MONTH)
        register(Check(name="rates", run=watching.finding, lane="database"))
        collected.register("rates_age_seconds", "Age of the latest good rate.", watching.age, every=15.0)
        collected.register(
            "rates_pairs", "Pairs by how far their rate may be trusted.", watching.pairs, labels=["tier"], every=15.0
        )
        alert_rules.register()
        ops_panels.register()
        freshness.register("rates", watching.VIEW)
