"""The application for a stall: what is asked, and what was wrong with the answers."""

from collections.abc import Mapping
from datetime import datetime

from django.urls import reverse

from marketplace.core.addresses import countries
from marketplace.core.page_parts import Choice, Field, FormError, Meta
from marketplace.dashboard.viewmodels import OpenStallPage
from marketplace.sellers import services
from marketplace.sellers.models import Seller

NAMES = ("name", "country", "place", "email", "blurb")


def apply(*, user_id: int, typed: Mapping[str, str], now: datetime) -> Seller:
    """Asks for the stall. Raises BadStall with a message per field."""
    return services.apply_for_stall(
        user_id=user_id,
        name=typed["name"],
        country=typed["country"],
        email=typed["email"],
        place=typed["place"],
        blurb=typed["blurb"],
        now=now,
    )


def page(typed: Mapping[str, str], errors: Mapping[str, str]) -> OpenStallPage:
    """The form with what was typed and what is wrong with it."""
    fields = (
        _field("name", "Name of the stall", typed, errors, maxlength=120, autocomplete="organization"),
        _field("place", "Town", typed, errors, required=False, maxlength=120, width="half"),
        Field(
            "country",
            "Sends from",
            value=typed["country"],
            kind="select",
            choices=(
                Choice("", "Choose a country", current=not typed["country"]),
                *(Choice(code, name, current=code == typed["country"]) for code, name in countries()),
            ),
            errors=_errors("country", errors),
            autocomplete="country",
            width="half",
        ),
        Field(
            "email",
            "E-mail for orders",
            value=typed["email"],
            kind="email",
            maxlength=254,
            errors=_errors("email", errors),
            autocomplete="email",
        ),
        Field(
            "blurb",
            "What you sell, in a sentence",
            value=typed["blurb"],
            kind="textarea",
            maxlength=280,
            required=False,
            errors=_errors("blurb", errors),
        ),
    )
    return OpenStallPage(
        meta=Meta("Open a stall", robots="noindex"),
        action=reverse("dashboard:open"),
        fields=fields,
        errors=tuple(FormError(errors[field.name], f"#{field.html_id}") for field in fields if field.name in errors),
    )


def _errors(name: str, errors: Mapping[str, str]) -> tuple[str, ...]:
    return (errors[name],) if name in errors else ()


def _field(
    name: str,
    label: str,
    typed: Mapping[str, str],
    errors: Mapping[str, str],
    *,
    maxlength: int,
    required: bool = True,
    autocomplete: str = "",
    width: str = "full",
) -> Field:
    return Field(
        name,
        label,
        value=typed[name],
        required=required,
        maxlength=maxlength,
        autocomplete=autocomplete,
        errors=_errors(name, errors),
        width="half" if width == "half" else "full",
    )
