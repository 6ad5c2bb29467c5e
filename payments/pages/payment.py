"""The payment step, and the page to which the provider sends people back."""

from django.urls import reverse

from marketplace.core import money
from marketplace.core.addresses import PostalAddress
from marketplace.core.hall import absolute
from marketplace.core.page_parts import Act, Link, Meta, Note, TimelineStep
from marketplace.orders import queries as orders
from marketplace.orders.models import OrderGroup
from marketplace.storefront import links
from payments.access import access
from payments.models import Payment
from payments.pages.parts import clock, group_summary, steps
from payments.viewmodels import CardForm, PaymentPage, PayReturnPage

# What a buyer can do about it; anything else is left to the bank. Codes: Stripe's documentation of declines.
_DECLINES = {
    "insufficient_funds": "There is not enough money on this card. Try another one.",
    "expired_card": "This card has expired. Try another one.",
    "incorrect_cvc": "The security code is not right. Check it and try again.",
    "incorrect_number": "The card number is not right. Check it and try again.",
    "processing_error": "The bank could not process the card. Try again in a minute.",
    "payment_intent_authentication_failure": "The bank could not confirm that it is you. Try again, or use another card.",
    "authentication_required": "The bank wants to confirm that it is you. Try again and follow its steps.",
}


def decline_text(code: str) -> str:
    """What to tell a buyer whose card was refused."""
    return _DECLINES.get(code, "Your bank declined the card. Try another one, or ask your bank.")


def return_href(group: OrderGroup) -> str:
    """Where the provider sends people back to; Stripe wants the whole address."""
    return absolute(f"{reverse('checkout_return')}?order={group.number}")


def payment_page(group: OrderGroup, payment: Payment) -> PaymentPage:
    """The page of an unpaid group."""
    number = group.number
    hosted = payment.flow == Payment.Flow.HOSTED
    declined = f"{decline_text(payment.decline_code)} Nothing was charged." if payment.decline_code else ""
    return PaymentPage(
        meta=Meta(title="Checkout: payment", robots="noindex"),
        steps=steps(current=3, reached=2),
        summary=group_summary(group, orders.orders_of_group(group_id=group.pk)),
        card=_card(group, payment),
        retry=None if hosted else Link("Try again", reverse("checkout_payment", args=[number])),
        address=tuple(PostalAddress.from_json(group.shipping_address).lines()),
        email=group.email,
        held_until=clock(group.expires_at),
        back_href=reverse("checkout_shipping"),
        notes=(Note(declined, "danger"),) if declined else (),
        cancel=Act("Change the cart", reverse("checkout_cancel", args=[number])),
        hosted=Act(
            "Go on at the provider’s page" if hosted else "Pay on the provider’s page",
            reverse("checkout_hosted", args=[number]),
            tone="primary",
        ),
        card_here=Act("Use the card form here", reverse("checkout_card", args=[number])) if hosted else None,
    )


def _card(group: OrderGroup, payment: Payment) -> CardForm | None:
    if payment.flow != Payment.Flow.ELEMENT or payment.state != Payment.State.OPEN or not payment.client_secret:
        return None
    return CardForm(
        publishable_key=access().publishable_key,
        client_secret=payment.client_secret,
        script_src=access().script_url,
        return_href=return_href(group),
        amount_text=money.text(payment.amount_minor, payment.currency),
    )


def waiting_page(group: OrderGroup, payment: Payment | None) -> PayReturnPage:
    """While the answer is open: asked again every few seconds."""
    bank = payment is not None and payment.state == Payment.State.PROCESSING
    return PayReturnPage(
        meta=Meta(title="Checking your payment", robots="noindex"),
        heading="Your bank is working on it" if bank else "Checking your payment",
        text="This can take a moment. You can close this page: we write to you as soon as it is settled.",
        poll_href=f"{reverse('checkout_return')}?order={group.number}",
        links=() if bank else (Link("Back to the payment", reverse("checkout_payment", args=[group.number])),),
        steps=(
            TimelineStep("Order placed", done=True),
            TimelineStep("Payment", current=True),
            TimelineStep("Stalls pack your parcels"),
        ),
    )


def over_page(group: OrderGroup) -> PayReturnPage:
    """The order was cancelled before it was paid."""
    return PayReturnPage(
        meta=Meta(title="Order cancelled", robots="noindex"),
        heading="This order was cancelled",
        text=f"Order {group.number} was not paid in time, so its goods went back on the shelf. Nothing was charged.",
        tone="warn",
        links=(Link("Back to the cart", links.CART),),
    )


def refunded_page(group: OrderGroup, amount: str) -> PayReturnPage:
    """The money came when the goods were gone."""
    return PayReturnPage(
        meta=Meta(title="Your money is on its way back", robots="noindex"),
        heading="Sold out while you paid",
        text=f"Your payment arrived after the hold on your things had ended, and somebody else was faster. The full "
        f"{amount} goes back to your card; you need not do anything.",
        tone="warn",
        links=(Link("See the order", reverse("order", args=[group.number])), Link("Back to the market", links.HOME)),
    )
