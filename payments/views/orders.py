"""What a buyer has ordered."""

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from marketplace.core.errors import NotFound
from marketplace.orders import queries
from marketplace.orders.errors import BadCursor
from marketplace.orders.queries import Cursor
from payments.models import Refund
from payments.opening import live_payment
from payments.pages.orders import order_page, orders_page
from payments.views.buyers import group_of, remember


@never_cache
@require_safe
def listing(request: HttpRequest) -> HttpResponse:
    """The account's orders, newest first."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path())
    try:
        after = Cursor.parse(request.GET["after"]) if request.GET.get("after") else None
    except BadCursor as error:
        raise Http404 from error
    found = queries.buyer_groups(buyer_id=request.user.pk, after=after)
    page = orders_page(found.rows, after=found.after.text() if found.after else "")
    return render(request, "payments/orders.html", {"page": page})


@never_cache
@require_safe
def detail(request: HttpRequest, number: str) -> HttpResponse:
    """One purchase. The token of the e-mail's link moves into the session, so that it does not stay in the address."""
    if token := request.GET.get("token"):
        try:
            remember(request, queries.group_by_token(number=number, token=token))
        except NotFound as error:
            raise Http404 from error
        return redirect("order", number=number)
    group = group_of(request, number)
    page = order_page(
        group,
        payment=live_payment(group.pk),
        refunds=list(Refund.objects.filter(payment__group=group).order_by("created_at")),
        guest=group.buyer_id is None,
        thanks="paid" in request.GET and group.paid_at is not None,
    )
    return render(request, "payments/order.html", {"page": page})
