from typing import TYPE_CHECKING

from django.apps import AppConfig
from django.conf import settings

from payments.access import Access

if TYPE_CHECKING:
    from payments.admission import Bulkhead


class PaymentsConfig(AppConfig):
    name = "payments"

    access: Access
    bulkhead: "Bulkhead"
    answers_store: tuple[str, str]

    def ready(self) -> None:
        from payments import alert_rules, figures, health, ops_panels, preflight, sweeping
        from payments.admission import Bulkhead

        self.access = Access(
            secret_key=settings.STRIPE_SECRET_KEY,
            publishable_key=settings.STRIPE_PUBLISHABLE_KEY,
            api_base=settings.STRIPE_API_BASE,
            script_url=settings.STRIPE_JS_URL,
            webhook_secrets=tuple(settings.STRIPE_WEBHOOK_SECRET.replace(",", " ").split()),
        )
        self.answers_store = (settings.REDIS_URL, str(settings.CACHES["default"]["KEY_PREFIX"]))
        # Only a web process has threads to lose; a worker has one, and a command knows what it does.
        self.bulkhead = Bulkhead(settings.HEALTH.provider_concurrent if settings.PROCESS_KIND == "web" else 64)
        sweeping.register()
        figures.register()
        health.register_checks()
        alert_rules.register()
        preflight.register()
        ops_panels.register()
