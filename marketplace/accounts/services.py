"""Changes that people make to their own account; sign-in itself is django-allauth's."""

from django.db import transaction

from marketplace.accounts.models import Address, User
from marketplace.core.db import locked
from marketplace.core.errors import AwningError, NotFound


class BadName(AwningError):
    """A name that cannot be kept."""

    code = "bad_name"
    status = 422


def rename(*, user_id: int, name: str) -> str:
    """Sets how the hall calls this person and returns it tidied. Raises BadName."""
    tidy = " ".join(name.replace("\x00", "").split())
    if len(tidy) > 120:
        raise BadName("Please check the name.", fields={"name": "Shorten this to 120 characters."})
    User.objects.filter(pk=user_id).update(name=tidy)
    return tidy


def prefer_address(*, user_id: int, address_id: int) -> None:
    """Makes this the address that is offered first. Raises NotFound, also for other people's."""
    with transaction.atomic():
        # All of them are locked, so that two clicks cannot leave two defaults.
        kept = {address.pk: address for address in locked(Address.objects.filter(user_id=user_id))}
        if address_id not in kept:
            raise NotFound("There is no such address.")
        Address.objects.filter(user_id=user_id, is_default=True).exclude(pk=address_id).update(is_default=False)
        Address.objects.filter(pk=address_id).update(is_default=True)


def remove_address(*, user_id: int, address_id: int) -> None:
    """Forgets an address; orders keep their own copy. Raises NotFound, also for other people's."""
    removed, _ = Address.objects.filter(user_id=user_id, pk=address_id).delete()
    if not removed:
        raise NotFound("There is no such address.")
