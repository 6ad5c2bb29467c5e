from datetime import datetime

from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "marketplace.core"
    label = "core"

    def ready(self) -> None:
        from marketplace.core import events, services, sweeps, tasks

        def relay(now: datetime) -> int:
            return services.relay(now=now)

        events.wake_with(tasks.relay_outbox.delay)
        sweeps.register("core.outbox", every=1.0, run=relay)
