"""Reads about people: the addresses they keep."""

from marketplace.accounts.models import Address


def addresses(*, user_id: int) -> list[Address]:
    """The person's addresses, the default first, then those used last."""
    return list(Address.objects.filter(user_id=user_id).order_by("-is_default", "-used_at", "-pk"))
