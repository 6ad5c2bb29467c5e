from django.apps import AppConfig
from django.conf import settings

from monitoring.health.visitors import Door


class HealthConfig(AppConfig):
    name = "monitoring.health"
    label = "health"

    door: Door
    version: str

    def ready(self) -> None:
        from monitoring import background
        from monitoring.health import checks, port

        self.door = Door(
            token=settings.HEALTH.token,
            session_engine=settings.SESSION_ENGINE,
            session_cookie=settings.SESSION_COOKIE_NAME,
        )
        self.version = settings.RELEASE or "unreleased"
        checks.register_all(
            stores=settings.HEALTH.stores,
            queues=settings.HEALTH.queues,
            disk=str(settings.BASE_DIR),
        )
        if settings.HEALTH.port and settings.PROCESS_KIND == "web":
            background.register("health.port", every=1.0, run=lambda now: port.keep(settings.HEALTH.port))
