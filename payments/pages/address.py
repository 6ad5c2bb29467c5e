"""The address step: whom to write to and where the parcels go."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.urls import reverse

from marketplace.accounts.models import Address
from marketplace.carts.snapshot import CartSnapshot
from marketplace.core.addresses import PostalAddress, countries, country_name
from marketplace.core.page_parts import Choice, Field, FormError, Meta
from marketplace.storefront import links
from payments.pages.parts import cart_summary, steps
from payments.viewmodels import AddressPage

# Tokens of the HTML standard: browsers fill the form in one go.
_CONTACT = (
    Field(
        "email",
        "E-mail",
        kind="email",
        autocomplete="email",
        inputmode="email",
        maxlength=254,
        hint="For the receipt and news of your parcels.",
    ),
    Field(
        "phone",
        "Phone",
        kind="tel",
        autocomplete="tel",
        inputmode="tel",
        maxlength=40,
        required=False,
        hint="Only for the carrier, should there be a question at the door.",
    ),
)
_ADDRESS = (
    Field("country", "Country", kind="select", autocomplete="shipping country"),
    Field("name", "Full name", autocomplete="shipping name", maxlength=120),
    Field("line1", "Street and number", autocomplete="shipping address-line1", maxlength=160),
    Field(
        "line2",
        "Flat, company, floor",
        autocomplete="shipping address-line2",
        maxlength=160,
        required=False,
    ),
    Field(
        "postal_code",
        "Postal code",
        autocomplete="shipping postal-code",
        maxlength=20,
        width="third",
        hint="Leave it empty where there is none.",
    ),
    Field("city", "Town", autocomplete="shipping address-level2", maxlength=120, width="two-thirds"),
    Field("region", "Region or state", autocomplete="shipping address-level1", maxlength=120, required=False),
)
CONTACT_FIELDS = tuple(field.name for field in _CONTACT)
ADDRESS_FIELDS = tuple(field.name for field in _ADDRESS)


@dataclass(frozen=True, slots=True)
class Filled:
    """What stands in the form, and what is wrong with it, per field name."""

    values: Mapping[str, str]
    errors: Mapping[str, str]


def filled_from(snapshot: CartSnapshot, *, saved: Sequence[Address], email: str) -> Filled:
    """The form as it opens: what was entered before, else the account's own address."""
    values = {"email": snapshot.email or email, "phone": snapshot.phone}
    if snapshot.address is not None:
        return Filled(values | snapshot.address.to_json(), {})
    if saved:
        first = saved[0]
        values["phone"] = values["phone"] or first.phone
        return Filled(values | postal(first).to_json(), {})
    return Filled(values | {"country": snapshot.country}, {})


def postal(address: Address) -> PostalAddress:
    """A saved address as a plain value."""
    return PostalAddress(**{name: getattr(address, name) for name in PostalAddress.__dataclass_fields__})


def address_page(
    snapshot: CartSnapshot, form: Filled, *, saved: Sequence[Address], chosen: str, signed_in: bool, now: datetime
) -> AddressPage:
    """The page; ``saved`` are the account's addresses, ``chosen`` the one that was picked."""
    contact = tuple(_filled(field, form) for field in _CONTACT)
    address = tuple(_filled(field, form) for field in _ADDRESS)
    if saved:
        address = (_picker(saved, chosen), *address)
    here = reverse("checkout")
    return AddressPage(
        meta=Meta(title="Checkout: address", robots="noindex"),
        steps=steps(current=1, reached=2 if snapshot.address else 1),
        action=reverse("checkout_address"),
        contact=contact,
        address=address,
        summary=cart_summary(snapshot, now=now),
        errors=tuple(
            FormError(message, f"#{field.html_id}") for field in (*contact, *address) for message in field.errors
        ),
        sign_in_href="" if signed_in else f"{reverse('account_login')}?next={here}",
        back_href=links.CART,
    )


def _filled(field: Field, form: Filled) -> Field:
    value = form.values.get(field.name, "")
    errors = (form.errors[field.name],) if field.name in form.errors else ()
    if field.name != "country":
        return replace(field, value=value, errors=errors)
    choices = (Choice("", "Choose a country", not value), *(Choice(c, n, c == value) for c, n in countries()))
    return replace(field, value=value, errors=errors, choices=choices)


def _picker(saved: Sequence[Address], chosen: str) -> Field:
    choices = [
        Choice(str(entry.pk), f"{entry.name}, {entry.line1}, {entry.city}, {country_name(entry.country)}",
               str(entry.pk) == chosen)
        for entry in saved
    ]  # fmt: skip
    return Field(
        name="saved",
        label="Your addresses",
        value=chosen,
        kind="select",
        required=False,
        hint="Choose one, or leave this and fill in the form below.",
        choices=(Choice("", "Use the form below", not chosen), *choices),
    )
