"""The payment step: card form, the provider's own page, giving up, coming back."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from marketplace.core import money
from marketplace.core.errors import AwningError
from marketplace.orders.models import OrderGroup
from marketplace.storefront import links
from monitoring.limits.decorator import limit
from payments import checkout, gateway
from payments.models import Payment, Refund
from payments.opening import UNHEARD, live_payment
from payments.pages.payment import over_page, payment_page, refunded_page, waiting_page
from payments.views.buyers import group_of

Flow = Payment.Flow


class SeeOther(HttpResponseRedirect):
    """After a POST: look there, with GET."""

    status_code = 303


@never_cache
@require_safe
def show(request: HttpRequest, number: str) -> HttpResponse:
    """The card form, once the provider knows of the payment; a payment it has not heard of is opened now."""
    group, now = group_of(request, number), timezone.now()
    if group.state != OrderGroup.State.PENDING:
        return redirect("order", number=group.number)
    if group.expires_at <= now:
        messages.warning(request, "The 15 minutes are over and nothing was charged. Go to the checkout again.")
        return redirect(links.CART)
    payment = live_payment(group.pk)
    if payment is None or payment.state in UNHEARD:
        payment = _open(group)
    if payment is None:
        return redirect(links.CART)
    if payment.state in (Payment.State.PROCESSING, Payment.State.SUCCEEDED):
        return redirect(f"{reverse('checkout_return')}?order={group.number}")
    return render(request, "payments/payment.html", {"page": payment_page(group, payment)})


def _open(group: OrderGroup) -> Payment | None:
    """The payment, opened if the provider answers in time; else as it stands, and the sweep goes on."""
    try:
        return checkout.ready_payment(group_id=group.pk, flow=Flow.ELEMENT, now=timezone.now())
    except AwningError:
        return live_payment(group.pk)


@never_cache
@limit("checkout", methods=("POST",))
@require_POST
def hosted(request: HttpRequest, number: str) -> HttpResponse:
    """To the provider's own page, which needs no JavaScript of ours."""
    group = group_of(request, number)
    try:
        payment = checkout.ready_payment(group_id=group.pk, flow=Flow.HOSTED, now=timezone.now())
        if payment.provider_session_id:
            return SeeOther(gateway.fetch_hosted_payment(payment.provider_session_id).url or _back(group))
    except AwningError as error:
        return _failed(request, group, error)
    messages.error(request, "The payment page cannot be reached right now. Nothing was charged: try again in a moment.")
    return SeeOther(_back(group))


@never_cache
@limit("checkout", methods=("POST",))
@require_POST
def card(request: HttpRequest, number: str) -> HttpResponse:
    """Back from the provider's page to the card form."""
    group = group_of(request, number)
    try:
        checkout.ready_payment(group_id=group.pk, flow=Flow.ELEMENT, now=timezone.now())
    except AwningError as error:
        return _failed(request, group, error)
    return SeeOther(_back(group))


@never_cache
@require_POST
def cancel(request: HttpRequest, number: str) -> HttpResponse:
    """Gives up the order to change the cart. What turns out to be paid stays."""
    group = group_of(request, number)
    try:
        cancelled = checkout.cancel_checkout(group_id=group.pk, reason="buyer", now=timezone.now())
    except AwningError as error:
        return _failed(request, group, error)
    group.refresh_from_db()
    if cancelled or group.state == OrderGroup.State.CANCELLED:
        messages.info(request, "Nothing was charged. Change what you like and go to the checkout again.")
        return SeeOther(links.CART)
    return SeeOther(reverse("order", args=[group.number]))


def _back(group: OrderGroup) -> str:
    return reverse("checkout_payment", args=[group.number])


def _failed(request: HttpRequest, group: OrderGroup, error: AwningError) -> HttpResponse:
    """Back to the payment page with the reason; what the provider says is for the log, not for the buyer."""
    ours = error.status in (404, 409)
    messages.error(request, error.message if ours else "The payment provider does not answer: try again in a moment.")
    return SeeOther(_back(group))


@never_cache
@require_safe
def come_back(request: HttpRequest) -> HttpResponse:
    """Where people land after paying: asks the provider what became of it, and again until it is settled."""
    group = group_of(request, request.GET.get("order", ""))
    try:
        payment = checkout.check_payment(group_id=group.pk, now=timezone.now())
    except AwningError:
        payment = live_payment(group.pk)
    group.refresh_from_db()
    refund = Refund.objects.filter(payment__group=group).exclude(state=Refund.State.FAILED).first()
    if group.state == OrderGroup.State.PAID:
        answer: HttpResponse = SeeOther(f"{reverse('order', args=[group.number])}?paid=1")
    elif refund is not None:
        page = refunded_page(group, money.text(refund.amount_minor, group.currency))
        answer = render(request, "payments/pay_return.html", {"page": page})
    elif group.state == OrderGroup.State.CANCELLED:
        answer = render(request, "payments/pay_return.html", {"page": over_page(group)})
    elif payment is None:
        raise Http404
    elif payment.state == Payment.State.OPEN and payment.decline_code:
        answer = SeeOther(_back(group))
    else:
        answer = render(request, "payments/pay_return.html", {"page": waiting_page(group, payment)})
    return answer
