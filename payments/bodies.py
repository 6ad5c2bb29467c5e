"""The bodies of requests that move money. Each is built once, when its intent is written, and sent as it was written."""

from marketplace.core.events import Json
from marketplace.core.hall import absolute
from marketplace.orders.models import OrderGroup
from payments.models import Payment, Refund


def payment_body(payment: Payment, group: OrderGroup) -> dict[str, Json]:
    """An intent that any payment method of the account may fulfil."""
    return {
        "amount": payment.amount_minor,
        "currency": payment.currency.lower(),
        "automatic_payment_methods": {"enabled": True},
        "description": f"Order {group.number}",
        "metadata": {"payment_id": str(payment.pk), "order_group": group.number},
    }


def hosted_body(payment: Payment, group: OrderGroup) -> dict[str, Json]:
    """The provider's own page with one row per stall."""
    metadata: dict[str, Json] = {"payment_id": str(payment.pk), "order_group": group.number}
    rows: list[Json] = [
        {
            "quantity": 1,
            "price_data": {
                "currency": payment.currency.lower(),
                "unit_amount": order.total_minor,
                "product_data": {"name": f"{order.seller.name}, order {order.number}"},
            },
        }
        for order in group.orders.select_related("seller").order_by("pk")
    ]
    return {
        "mode": "payment",
        "line_items": rows,
        "customer_email": group.email,
        "success_url": absolute(f"/checkout/return/?order={group.number}"),
        "cancel_url": absolute(f"/checkout/payment/{group.number}/"),
        "metadata": metadata,
        "payment_intent_data": {"description": f"Order {group.number}", "metadata": metadata},
    }


def refund_body(refund: Refund, payment: Payment) -> dict[str, Json]:
    """Money back to the card or account it came from."""
    return {
        "payment_intent": payment.provider_id,
        "amount": refund.amount_minor,
        "metadata": {"refund_id": str(refund.pk), "payment_id": str(payment.pk)},
    }
