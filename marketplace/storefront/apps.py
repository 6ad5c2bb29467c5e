from datetime import datetime

from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "marketplace.storefront"
    label = "storefront"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from marketplace.core import events
        from marketplace.core.nudges import Nudge
        from marketplace.imports.services import IMPORTED
        from marketplace.storefront import tasks
        from marketplace.storefront.guest_cart import merge_at_sign_in

        def warm(payload: events.Payload, now: datetime) -> None:
            Nudge(tasks.warm.delay)()

        events.subscribe(IMPORTED, "storefront.warm", warm)
        user_logged_in.connect(merge_at_sign_in, dispatch_uid="storefront.merge_carts")
