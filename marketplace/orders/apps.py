from datetime import datetime

from django.apps import AppConfig


class OrdersConfig(AppConfig):
    name = "marketplace.orders"
    label = "orders"

    def ready(self) -> None:
        from marketplace.core import events
        from marketplace.orders import services

        def empty_cart(payload: events.Payload, now: datetime) -> None:
            services.empty_paid_cart(number=str(payload["group"]), now=now)

        def keep_address(payload: events.Payload, now: datetime) -> None:
            services.keep_address(number=str(payload["group"]), now=now)

        events.subscribe("order.paid", "orders.empty_cart", empty_cart)
        events.subscribe("order.paid", "orders.keep_address", keep_address)
