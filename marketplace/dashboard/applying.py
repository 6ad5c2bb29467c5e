"""The application for a stall: what is asked, and what was wrong with the answers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, TypedDict

from django.urls import reverse
from typing_extensions import Unpack

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
    fields = _fields(typed, errors)
    return OpenStallPage(
        meta=Meta("Open a stall", robots="noindex"),
        action=reverse("dashboard:open"),
        fields=fields,
        errors=tuple(FormError(errors[field.name], f"#{field.html_id}") for field in fields if field.name in errors),
    )


def _fields(typed: Mapping[str, str], errors: Mapping[str, str]) -> tuple[Field, ...]:
    def field(name: str, label: str, **more: Unpack[_More]) -> Field:
        wrong = (errors[name],) if name in errors else ()
        return Field(name, label, value=typed[name], errors=wrong, **more)

    chosen = typed["country"]
    choices = [Choice(code, name, current=code == chosen) for code, name in countries()]
    return (
        field("name", "Name of the stall", maxlength=120, autocomplete="organization"),
        field("place", "Town", required=False, maxlength=120, width="half"),
        field(
            "country",
            "Sends from",
            kind="select",
            choices=(Choice("", "Choose a country", current=not chosen), *choices),
            autocomplete="country",
            width="half",
        ),
        field("email", "E-mail for orders", kind="email", maxlength=254, autocomplete="email"),
        field("blurb", "What you sell, in a sentence", kind="textarea", maxlength=280, required=False),
    )


class _More(TypedDict, total=False):
    """What a field may have besides its name, label, value and errors."""

    kind: Literal["text", "email", "textarea", "select"]
    required: bool
    maxlength: int
    autocomplete: str
    width: Literal["full", "half"]
    choices: tuple[Choice, ...]
