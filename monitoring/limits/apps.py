from datetime import datetime

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Tags, register


class LimitsConfig(AppConfig):
    name = "monitoring.limits"
    label = "limits"

    def ready(self) -> None:
        from monitoring import background
        from monitoring.limits import devices, guard, load, setup
        from monitoring.limits.allowance import KEPT
        from monitoring.limits.engine import Engine
        from monitoring.limits.rules import EVERY, rules

        self.engine = Engine(settings.LIMITS)
        self.middleware = tuple(settings.MIDDLEWARE)

        def steer(now: datetime) -> object:
            return load.steer_quietly(self.engine.store, now)

        def give_back(now: datetime) -> object:
            return guard.allowances.sweep(self.engine, all_of_them=background.ending())

        background.register("limits.allowances", every=KEPT, run=give_back)
        background.register("limits.rules", every=EVERY, run=rules.keep_up)
        background.register("limits.load", every=load.EVERY, run=steer)
        devices.follow_sign_ins()
        register(setup.check_middleware, Tags.security)
        register(setup.check_routes, Tags.urls)
