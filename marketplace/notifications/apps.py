from datetime import datetime

from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "marketplace.notifications"
    label = "notifications"

    def ready(self) -> None:
        from marketplace.core import events
        from marketplace.notifications import services

        def send(payload: events.Payload, now: datetime) -> None:
            values = payload["values"]
            services.send(
                template=str(payload["template"]),
                to=str(payload["to"]),
                values=values if isinstance(values, dict) else {},
                outbox_id=events.delivery_id(),
            )

        def announce_payment(payload: events.Payload, now: datetime) -> None:
            services.announce_payment(number=str(payload["group"]), now=now)

        events.subscribe("email.requested", "notifications.send", send)
        events.subscribe("order.paid", "notifications.order_paid", announce_payment)
