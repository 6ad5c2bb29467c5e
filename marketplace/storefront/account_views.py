"""The overview of an account: /account/. Sign-in, password and e-mail pages are django-allauth's."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from marketplace.accounts import queries, services
from marketplace.accounts.models import Address, User
from marketplace.accounts.services import BadName
from marketplace.core.addresses import PostalAddress
from marketplace.core.errors import NotFound
from marketplace.core.page_parts import Act, Field, FormError, Hidden, Link, Meta
from marketplace.sellers import queries as sellers
from marketplace.storefront.viewmodels.account import AccountPage, AddressCard


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def home(request: HttpRequest) -> HttpResponse:
    """The overview; a POST changes the name or an address."""
    if not isinstance(request.user, User):
        raise Http404
    if request.method != "POST":
        return render(request, "account/overview.html", {"page": _page(request.user, {}, request.user.name)})
    try:
        said = _change(request.user.pk, request.POST.get("action", ""), request)
    except BadName as error:
        page = _page(request.user, error.fields, request.POST.get("name", ""))
        return render(request, "account/overview.html", {"page": page}, status=error.status)
    except NotFound as error:
        messages.error(request, error.message)
    else:
        messages.success(request, said)
    return redirect("account_home")


def _change(user_id: int, action: str, request: HttpRequest) -> str:
    """Does what the form asked for and returns what to say about it. Raises BadName, NotFound."""
    if action == "rename":
        services.rename(user_id=user_id, name=request.POST.get("name", ""))
        return "Your name is saved."
    number = request.POST.get("address", "")
    address_id = int(number) if number.isascii() and number.isdecimal() and len(number) < 19 else 0
    if action == "prefer":
        services.prefer_address(user_id=user_id, address_id=address_id)
        return "This address is now offered first."
    if action == "remove":
        services.remove_address(user_id=user_id, address_id=address_id)
        return "The address is removed. Orders keep their own copy."
    raise NotFound("There is no such thing to do.")


def _page(user: User, errors: dict[str, str], typed: str) -> AccountPage:
    """Two queries: the addresses and the person's stalls."""
    here = reverse("account_home")
    name = Field(
        "name",
        "Name",
        value=typed,
        required=False,
        maxlength=120,
        autocomplete="name",
        hint="How we greet you.",
        errors=(errors["name"],) if "name" in errors else (),
    )
    return AccountPage(
        meta=Meta("Your account", robots="noindex"),
        heading=f"Hello, {user.short_name()}",
        email=user.email,
        links=_links(user.pk),
        name_action=here,
        name_fields=(name,),
        addresses=tuple(_card(address, here) for address in queries.addresses(user_id=user.pk)),
        errors=tuple(FormError(message, f"#id_{field}") for field, message in errors.items()),
    )


def _links(user_id: int) -> tuple[Link, ...]:
    stalls = sellers.stalls_of(user_id)
    selling = [Link(name, reverse("dashboard:orders", args=[slug]), icon="store") for slug, name in stalls]
    return (
        Link("Your orders", reverse("orders"), icon="package"),
        Link("E-mail addresses", reverse("account_email"), icon="mail"),
        Link("Password", reverse("account_change_password"), icon="lock"),
        Link("Devices", reverse("account_devices"), icon="shield-check"),
        *(selling or [Link("Open a stall", reverse("dashboard:open"), icon="store")]),
        Link("Sign out", reverse("account_logout"), icon="log-out"),
    )


def _card(address: Address, here: str) -> AddressCard:
    lines = PostalAddress(
        address.name, address.line1, address.line2, address.postal_code, address.city, address.region, address.country
    ).lines()
    named = f"address of {address.name}, {address.city}"
    number = Hidden("address", str(address.pk))
    prefer = Act("Use first", here, (Hidden("action", "prefer"), number), label=f"Use the {named} first")
    remove = Act("Remove", here, (Hidden("action", "remove"), number), label=f"Remove the {named}")
    return AddressCard(
        lines=tuple(lines),
        actions=(remove,) if address.is_default else (prefer, remove),
        preferred=address.is_default,
    )
