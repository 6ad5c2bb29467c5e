"""HTTP of the seller's pages. Every view finds the stall through one door: somebody else's is not there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from marketplace.catalog.models import Offer
from marketplace.core.errors import AwningError, NotFound
from marketplace.dashboard import applying, long_jobs, pages
from marketplace.dashboard import today as today_page
from marketplace.inventory import listings
from marketplace.orders import queries, services
from marketplace.orders.errors import BadCursor
from marketplace.orders.models import Order
from marketplace.sellers import queries as sellers
from marketplace.sellers.models import Seller
from marketplace.sellers.services import BadStall

_FILTERS = {*Offer.Status.values, "sold_out"}
_STATES = {Order.State.PAID, Order.State.SHIPPED, Order.State.DELIVERED, Order.State.CANCELLED}


def _stall(request: HttpRequest, slug: str) -> Seller:
    try:
        return sellers.member_seller(request.user.pk, slug)
    except NotFound as error:
        raise Http404 from error


def _person(request: HttpRequest) -> int:
    """The id of who is signed in; ``login_required`` stands before every view."""
    if request.user.pk is None:
        raise Http404
    return request.user.pk


def _search(request: HttpRequest) -> str:
    return request.GET.get("q", "").strip().replace("\x00", "")[:200]


@never_cache
@login_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The first of the person's stalls, or the way to one."""
    stalls = sellers.stalls_of(_person(request))
    return redirect("dashboard:today", stalls[0][0]) if stalls else redirect("dashboard:open")


@never_cache
@login_required
@require_safe
def today(request: HttpRequest, stall: str) -> HttpResponse:
    """What waits for the seller, and how sales go."""
    seller = _stall(request, stall)
    counts = queries.seller_counts(seller_id=seller.pk)
    page = today_page.build(
        seller,
        name=request.user.name if request.user.is_authenticated else "",
        chosen=request.GET.get("range", ""),
        counts=counts,
        now=timezone.now(),
    )
    shell = pages.shell(seller, user_id=_person(request), current="today", to_ship=counts[Order.State.PAID])
    running = long_jobs.panel(seller, now=timezone.now())
    return render(request, "dashboard/today.html", {"seller": shell, "page": page, "jobs": running})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def open_stall(request: HttpRequest) -> HttpResponse:
    """The application for a stall; an operator approves it."""
    typed = {name: request.POST.get(name, "") for name in applying.NAMES}
    if request.method != "POST":
        page = applying.page({**typed, "email": request.user.email}, {})  # type: ignore[union-attr]
        return render(request, "dashboard/open_stall.html", {"page": page})
    try:
        seller = applying.apply(user_id=_person(request), typed=typed, now=timezone.now())
    except BadStall as error:
        page = applying.page(typed, error.fields)
        return render(request, "dashboard/open_stall.html", {"page": page}, status=422)
    return redirect("dashboard:orders", seller.slug)


@never_cache
@login_required
@require_safe
def orders(request: HttpRequest, stall: str) -> HttpResponse:
    """The stall's orders."""
    seller = _stall(request, stall)
    state = request.GET.get("state", "")
    state = state if state in _STATES else ""
    try:
        after = queries.Cursor.parse(request.GET["after"]) if request.GET.get("after") else None
    except BadCursor:
        after = None
    counts = queries.seller_counts(seller_id=seller.pk)
    page = pages.orders_page(seller, state=state, search=_search(request), after=after, counts=counts)
    shell = pages.shell(
        seller,
        user_id=_person(request),
        current="orders",
        to_ship=counts[Order.State.PAID],
        search=_search(request),
    )
    return render(request, "dashboard/orders.html", {"seller": shell, "page": page})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def order(request: HttpRequest, stall: str, number: str) -> HttpResponse:
    """One order; a POST marks it as sent or as delivered."""
    seller = _stall(request, stall)
    try:
        found = queries.seller_order(seller_id=seller.pk, number=number)
    except NotFound as error:
        raise Http404 from error
    wrong: dict[str, str] = {}
    status = 200
    if request.method == "POST":
        try:
            _act(request, seller, found)
        except AwningError as error:
            wrong, status = error.fields, error.status
            if not wrong:
                messages.error(request, error.message)
                return redirect("dashboard:order", seller.slug, found.number)
        else:
            return redirect("dashboard:order", seller.slug, found.number)
    counts = queries.seller_counts(seller_id=seller.pk)
    shell = pages.shell(seller, user_id=_person(request), current="orders", to_ship=counts[Order.State.PAID])
    page = pages.order_page(seller, found, errors=wrong, typed=request.POST.dict())
    return render(request, "dashboard/order.html", {"seller": shell, "page": page}, status=status)


def _act(request: HttpRequest, seller: Seller, found: Order) -> None:
    actor = f"seller:{request.user.pk}"
    if request.POST.get("action") == "deliver":
        services.mark_delivered(order_id=found.pk, seller_id=seller.pk, actor=actor, now=timezone.now())
        messages.success(request, f"Order {found.number} is delivered.")
        return
    services.mark_shipped(
        order_id=found.pk,
        seller_id=seller.pk,
        carrier=request.POST.get("carrier", ""),
        tracking=request.POST.get("tracking", ""),
        actor=actor,
        now=timezone.now(),
    )
    messages.success(request, f"Order {found.number} is on its way.")


@never_cache
@login_required
@require_safe
def products(request: HttpRequest, stall: str) -> HttpResponse:
    """The stall's listings."""
    seller = _stall(request, stall)
    status = request.GET.get("status", "")
    status = status if status in _FILTERS else ""
    search = _search(request)
    matching = listings.matching(seller_id=seller.pk, status=status, search=search)
    asked = request.GET.get("page", "1")
    last = max(1, -(-matching // pages.PER_PAGE))
    number = min(last, max(1, int(asked))) if asked.isdecimal() and len(asked) < 7 else 1
    page = pages.products_page(
        seller,
        status=status,
        search=search,
        number=number,
        counts=listings.counts(seller_id=seller.pk),
        matching=matching,
    )
    to_ship = queries.seller_counts(seller_id=seller.pk)[Order.State.PAID]
    shell = pages.shell(seller, user_id=_person(request), current="products", to_ship=to_ship, search=search)
    running = long_jobs.panel(seller, now=timezone.now())
    return render(request, "dashboard/products.html", {"seller": shell, "page": page, "jobs": running})


@never_cache
@login_required
@require_safe
def jobs(request: HttpRequest, stall: str) -> HttpResponse:
    """The panel of imports and exports alone: asked for every two seconds while one runs."""
    panel = long_jobs.panel(_stall(request, stall), now=timezone.now())
    return render(request, "dashboard/jobs.html", {"jobs": panel})
