from datetime import datetime

from django.apps import AppConfig
from django.conf import settings

from marketplace.core.hall import Hall
from marketplace.core.nudges import Nudge


class CoreConfig(AppConfig):
    name = "marketplace.core"
    label = "core"

    hall: Hall
    breaker_store: tuple[str, str]

    def ready(self) -> None:
        from marketplace.core import (
            alert_rules,
            events,
            figures,
            health,
            ops_panels,
            partition_watch,
            services,
            sweeps,
            tasks,
        )
        from marketplace.core.cache import wiring

        def relay(now: datetime) -> int:
            return services.relay(now=now)

        self.hall = Hall(currency=settings.MARKET_CURRENCY, site_url=settings.SITE_URL)
        self.breaker_store = (settings.HEALTH.breaker_url, str(settings.CACHES["default"]["KEY_PREFIX"]))
        wiring.start(
            settings.REDIS_URL,
            prefix=str(settings.CACHES["default"]["KEY_PREFIX"]),
            in_background=settings.PROCESS_KIND == "web",
        )
        events.wake_with(Nudge(tasks.relay_outbox.delay))
        sweeps.register("core.outbox", every=1.0, run=relay)
        figures.register()
        health.register_checks()
        alert_rules.register()
        ops_panels.register()
        partition_watch.register()
