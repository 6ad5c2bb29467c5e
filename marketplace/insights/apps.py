from datetime import datetime
from typing import cast

from django.apps import AppConfig


class InsightsConfig(AppConfig):
    name = "marketplace.insights"
    label = "insights"

    def ready(self) -> None:
        from marketplace.catalog import facts
        from marketplace.core import events
        from marketplace.insights import alert_rules, figures, ops_panels, services
        from marketplace.sellers.services import STATUS_CHANGED

        def sold(payload: events.Payload, now: datetime) -> None:
            services.sold(now=now)

        def goods_changed(payload: events.Payload, now: datetime) -> None:
            services.goods_changed(now=now)

        def refund_done(payload: events.Payload, now: datetime) -> None:
            services.refund_done(
                reference=str(payload["refund_id"]),
                group_id=cast(int, payload["group_id"]),
                amount_minor=cast(int, payload["amount_minor"]),
                reason=str(payload["reason"]),
                now=now,
            )

        def refund_failed(payload: events.Payload, now: datetime) -> None:
            services.refund_failed(
                reference=str(payload["refund_id"]), group_id=cast(int, payload["group_id"]), now=now
            )

        events.subscribe("order.paid", "insights.sold", sold)
        events.subscribe(facts.PRODUCTS_CHANGED, "insights.goods", goods_changed)
        events.subscribe(facts.AVAILABILITY_CHANGED, "insights.stock", goods_changed)
        events.subscribe(facts.SHELVES_CHANGED, "insights.shelves", goods_changed)
        events.subscribe(STATUS_CHANGED, "insights.stalls", goods_changed)
        # By name: payments stand above this floor.
        events.subscribe("payments.refund_done", "insights.refund_done", refund_done)
        events.subscribe("payments.refund_failed", "insights.refund_failed", refund_failed)
        figures.register()
        ops_panels.register()
        alert_rules.register()
