from datetime import datetime

from django.apps import AppConfig
from django.conf import settings

from monitoring import background
from monitoring.alerts.channels import Channels


class AlertsConfig(AppConfig):
    name = "monitoring.alerts"
    label = "alerts"

    channels = Channels()

    def ready(self) -> None:
        from monitoring.alerts import defaults, delivery, evaluation, jobs, services, watching
        from monitoring.requests.scrubber import allow, learn

        def evaluate(now: datetime) -> object:
            return evaluation.evaluate(now=now)

        def deliver(now: datetime) -> object:
            return delivery.deliver_due(now=now)

        def prune(now: datetime) -> object:
            return services.prune(now=now)

        self.channels = settings.ALERTS
        learn(*filter(None, [self.channels.webhook_url]))
        allow("rule", "alert_id", "delivery_id", "channel", "attempts", "reason")
        defaults.register_defaults()
        jobs.register_rules()
        watching.register()
        # In every process that has a background crew, not in the sweep alone: the silence of the sweep is watched too,
        # and a webhook that hangs holds up nothing else. Leases let one process at a time do the work.
        background.register("alerts.evaluate", every=15.0, run=evaluate)
        background.register("alerts.deliver", every=5.0, run=deliver)
        background.register("alerts.prune", every=3600.0, run=prune)
