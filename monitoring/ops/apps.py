from django.apps import AppConfig

from monitoring import background


class OpsConfig(AppConfig):
    name = "monitoring.ops"
    label = "ops"

    def ready(self) -> None:
        from monitoring.ops import status_page, wiring
        from monitoring.requests import scrubber

        background.register("status.incidents", every=15.0, run=status_page.learn)
        scrubber.allow("action", "target", "panel")
        wiring.register()
