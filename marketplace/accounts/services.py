"""Changes that people make to their own account; sign-in itself is django-allauth's."""

from datetime import datetime

from django.db import transaction

from marketplace.accounts.models import Address, User
from marketplace.accounts.queries import user_tag
from marketplace.core import cache
from marketplace.core.addresses import PostalAddress
from marketplace.core.db import locked
from marketplace.core.errors import AwningError, NotFound
from marketplace.core.texts import one_line


class BadName(AwningError):
    """A name that cannot be kept."""

    code = "bad_name"
    status = 422


def rename(*, user_id: int, name: str) -> str:
    """Sets how the hall calls this person and returns it tidied. Raises BadName."""
    tidy = one_line(name)
    if len(tidy) > 120:
        raise BadName("Please check the name.", fields={"name": "Shorten this to 120 characters."})
    with transaction.atomic():
        User.objects.filter(pk=user_id).update(name=tidy)
        cache.touch(user_tag(user_id))
    return tidy


def keep_address(*, user_id: int, address: PostalAddress, phone: str, now: datetime) -> None:
    """Keeps where a parcel went for the next order; the same address again is only noted as used."""
    with transaction.atomic():
        # The account is the lock: two orders at once must not keep the same address twice.
        User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
        kept = Address.objects.filter(user_id=user_id)
        if not kept.filter(**address.to_json()).update(used_at=now):
            is_first = not kept.exists()
            Address.objects.create(user_id=user_id, phone=phone, is_default=is_first, used_at=now, **address.to_json())


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
