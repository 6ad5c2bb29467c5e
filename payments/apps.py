from django.apps import AppConfig
from django.conf import settings

from payments.access import Access


class PaymentsConfig(AppConfig):
    name = "payments"

    access: Access

    def ready(self) -> None:
        from payments import sweeping

        self.access = Access(
            secret_key=settings.STRIPE_SECRET_KEY,
            publishable_key=settings.STRIPE_PUBLISHABLE_KEY,
            api_base=settings.STRIPE_API_BASE,
            script_url=settings.STRIPE_JS_URL,
            webhook_secrets=tuple(settings.STRIPE_WEBHOOK_SECRET.replace(",", " ").split()),
        )
        sweeping.register()
