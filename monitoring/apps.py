from collections.abc import Sequence

from django.apps import AppConfig
from django.conf import settings

from monitoring.requests.client_ip import Network


class MonitoringConfig(AppConfig):
    name = "monitoring"

    trusted_proxies: Sequence[Network] = ()

    def ready(self) -> None:
        self.trusted_proxies = settings.TRUSTED_PROXIES
