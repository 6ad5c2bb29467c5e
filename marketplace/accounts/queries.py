"""Reads about people: the addresses they keep, and what the frame of a page says of them."""

from dataclasses import dataclass

from marketplace.accounts.models import Address, User
from marketplace.core import cache


@dataclass(frozen=True, slots=True)
class Chrome:
    """What stands in the header: how the person is greeted, and whether the operators' page is offered.

    It decides what is shown, never what is allowed.
    """

    name: str
    is_staff: bool


_CHROME = cache.declare("user", Chrome, soft=600.0, hard=1800.0, local=0.0, negative=5.0)


def user_tag(user_id: int) -> str:
    """What shows the person's name depends on."""
    return f"user:{user_id}"


def chrome(*, user_id: int) -> Chrome | None:
    """What the header says of the person; None for an account that is gone or closed."""
    found: Chrome | None = _CHROME.get(str(user_id), lambda: _load_chrome(user_id), depends=(user_tag(user_id),))
    return found


def _load_chrome(user_id: int) -> Chrome | None:
    user = User.objects.filter(pk=user_id, is_active=True).only("name", "email", "is_staff").first()
    return Chrome(user.short_name(), user.is_staff) if user else None


def addresses(*, user_id: int) -> list[Address]:
    """The person's addresses, the default first, then those used last."""
    return list(Address.objects.filter(user_id=user_id).order_by("-is_default", "-used_at", "-pk"))
