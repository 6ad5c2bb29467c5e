"""The people of the demo: three logins, the stalls' founders and the buyers."""

from datetime import UTC, datetime, time

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password

from config.embedded.logins import LOGINS, OPERATOR, PASSWORD
from marketplace.accounts.models import Address, User
from marketplace.imports.demo.catalogue import Buyer, Catalogue


def add_logins(*, now: datetime) -> dict[str, User]:
    """The three accounts by role; an account that exists is left as it is."""
    password = make_password(PASSWORD)
    users = {}
    for login in LOGINS:
        operator = login is OPERATOR
        user, _ = User.objects.get_or_create(
            email=login.email,
            defaults={
                "name": login.name,
                "password": password,
                "is_staff": operator,
                "is_superuser": operator,
                "date_joined": now,
            },
        )
        users[login.role] = user
    _confirm(list(users.values()))
    return users


def add_founders(hall: Catalogue, *, seller: User) -> dict[str, User]:
    """One account per stall by slug; the first stall belongs to the seller login. Nobody signs in as the others."""
    users = {
        stall.slug: User(
            email=f"{stall.slug}@awning.test",
            name=stall.founder,
            password=make_password(None),
            date_joined=datetime.combine(stall.opened_on, time(8), UTC),
        )
        for stall in hall.stalls[1:]
    }
    User.objects.bulk_create(users.values())
    return {hall.stalls[0].slug: seller} | users


def add_buyers(hall: Catalogue, *, buyer: User) -> list[User]:
    """The accounts of ``hall.buyers`` in their order; the first is the buyer login."""
    nobody = make_password(None)
    others = [
        User(
            email=person.email.lower(),
            name=person.name,
            password=nobody,
            date_joined=datetime.combine(person.joined_on, time(9), UTC),
        )
        for person in hall.buyers[1:]
    ]
    users = [buyer, *User.objects.bulk_create(others)]
    Address.objects.bulk_create(_address(user, person) for user, person in zip(users, hall.buyers, strict=True))
    _confirm(others)
    return users


def _address(user: User, person: Buyer) -> Address:
    return Address(
        user=user,
        name=user.name,
        line1=person.street,
        postal_code=person.postcode,
        city=person.city,
        country=person.country,
        is_default=True,
        used_at=user.date_joined,
    )


def _confirm(users: list[User]) -> None:
    EmailAddress.objects.bulk_create(
        (EmailAddress(user=user, email=user.email, verified=True, primary=True) for user in users),
        ignore_conflicts=True,
    )
