"""What happens to stalls: application, approval, suspension, and who works there."""

import logging
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.db import IntegrityError, transaction

from marketplace.core import cache, events
from marketplace.core.addresses import countries
from marketplace.core.errors import AwningError, Conflict, NotFound
from marketplace.core.ids import slug_of
from marketplace.core.texts import one_line
from marketplace.sellers.models import Seller, SellerMember
from marketplace.sellers.queries import STALLS, stall_tag

logger = logging.getLogger(__name__)

STATUS_CHANGED = "sellers.status_changed"
_TRIES = 50
# RFC 5321: what fits into a MAIL FROM path.
_MAX_EMAIL = 254


class BadStall(AwningError):
    """An application that cannot be taken; ``fields`` says where."""

    code = "bad_stall"
    status = 422


def apply_for_stall(
    *, user_id: int, name: str, country: str, email: str, now: datetime, place: str = "", blurb: str = ""
) -> Seller:
    """A new stall that waits for approval, owned by the applicant. Raises BadStall with a message per field."""
    name, place, blurb, email = one_line(name), one_line(place), one_line(blurb), email.strip()
    wrong = {}
    if not 2 <= len(name) <= 120:
        wrong["name"] = "Give the stall a name of 2 to 120 characters."
    if country not in dict(countries()):
        wrong["country"] = "Choose the country the stall sends from."
    if not _is_email(email):
        wrong["email"] = "Enter the e-mail address orders should go to."
    if len(blurb) > 280:
        wrong["blurb"] = "Shorten this to 280 characters."
    if wrong:
        raise BadStall("Please check the application.", fields=wrong)
    with transaction.atomic():
        seller = _opened(
            Seller(name=name, country=country, email=email, place=place[:120], blurb=blurb, created_at=now, hue=1)
        )
        # Recognisable wherever it appears: one of eight colours, in turn.
        seller.hue = seller.pk % 8 + 1
        seller.save(update_fields=["hue"])
        SellerMember.objects.create(seller=seller, user_id=user_id, role=SellerMember.Role.OWNER, created_at=now)
        _publish(seller, now)
    return seller


def _is_email(text: str) -> bool:
    try:
        EmailValidator()(text)
    except ValidationError:
        return False
    return len(text) <= _MAX_EMAIL


def _opened(seller: Seller) -> Seller:
    """Inserts the stall under the first free slug: the unique index decides, not a look beforehand."""
    wanted = slug_of(seller.name, limit=74)
    for number in range(1, _TRIES):
        seller.slug = wanted if number == 1 else f"{wanted}-{number}"
        try:
            with transaction.atomic():
                seller.save(force_insert=True)
        except IntegrityError:
            continue
        return seller
    raise BadStall("Choose another name.", fields={"name": "Too many stalls have this name: choose another."})


def approve(*, seller_id: int, now: datetime) -> Seller:
    """Lets a stall trade, also one that was suspended. Approving twice changes nothing."""
    with transaction.atomic():
        seller = _locked(seller_id)
        if seller.status != Seller.Status.APPROVED:
            seller.status = Seller.Status.APPROVED
            seller.approved_at = seller.approved_at or now
            seller.suspended_at = None
            seller.save(update_fields=["status", "approved_at", "suspended_at"])
            _publish(seller, now)
            logger.info("seller.approved", extra={"seller_id": seller_id})
    return seller


def suspend(*, seller_id: int, reason: str, now: datetime) -> Seller:
    """Takes a stall and its goods out of the market; what is ordered stays. Raises BadStall without a reason."""
    reason = reason.strip()
    if not reason:
        raise BadStall("Say why the stall is suspended.", fields={"reason": "Say why the stall is suspended."})
    with transaction.atomic():
        seller = _locked(seller_id)
        if seller.status != Seller.Status.SUSPENDED:
            seller.status = Seller.Status.SUSPENDED
            seller.suspended_at = now
            seller.save(update_fields=["status", "suspended_at"])
            _publish(seller, now, reason=reason)
            logger.warning("seller.suspended", extra={"seller_id": seller_id, "reason": reason})
    return seller


def add_member(*, seller_id: int, user_id: int, role: str, now: datetime) -> SellerMember:
    """Lets a person work at the stall. Raises Conflict when they do already."""
    checked = _role(role)
    try:
        with transaction.atomic():
            return SellerMember.objects.create(seller_id=seller_id, user_id=user_id, role=checked, created_at=now)
    except IntegrityError as error:
        raise Conflict("This person works at the stall already: change their role instead.") from error


def change_role(*, seller_id: int, user_id: int, role: str) -> SellerMember:
    """Gives a member another role. Raises Conflict when the stall would be left without an owner."""
    checked = _role(role)
    with transaction.atomic():
        member = _member(seller_id, user_id)
        if checked != SellerMember.Role.OWNER:
            _keep_an_owner(member)
        member.role = checked
        member.save(update_fields=["role"])
    return member


def remove_member(*, seller_id: int, user_id: int) -> None:
    """Ends somebody's work at the stall. Raises Conflict when the stall would be left without an owner."""
    with transaction.atomic():
        member = _member(seller_id, user_id)
        _keep_an_owner(member)
        member.delete()


def _role(role: str) -> SellerMember.Role:
    try:
        return SellerMember.Role(role)
    except ValueError:
        raise BadStall(
            f"{role!r} is not a role: use owner, manager or staff.", fields={"role": "Choose a role."}
        ) from None


def _locked(seller_id: int) -> Seller:
    seller = Seller.objects.select_for_update().filter(pk=seller_id).first()
    if seller is None:
        raise NotFound("There is no such stall.")
    return seller


def _member(seller_id: int, user_id: int) -> SellerMember:
    # The stall's row guards the number of its owners: two owners who leave at once wait for each other here.
    _locked(seller_id)
    member = SellerMember.objects.filter(seller_id=seller_id, user_id=user_id).first()
    if member is None:
        raise NotFound("This person does not work at the stall.")
    return member


def _keep_an_owner(member: SellerMember) -> None:
    others = SellerMember.objects.filter(seller_id=member.seller_id, role=SellerMember.Role.OWNER).exclude(pk=member.pk)
    if member.role == SellerMember.Role.OWNER and not others.exists():
        raise Conflict("A stall needs an owner: make somebody else one first.")


def _publish(seller: Seller, now: datetime, *, reason: str = "") -> None:
    cache.touch(stall_tag(seller.pk), STALLS)
    payload: dict[str, events.Json] = {"seller_id": seller.pk, "status": str(seller.status), "reason": reason}
    events.publish(STATUS_CHANGED, payload, now=now)
