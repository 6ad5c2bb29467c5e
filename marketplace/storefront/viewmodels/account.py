"""The overview of an account."""

from dataclasses import dataclass

from marketplace.core.page_parts import Act, Field, FormError, Link, Meta


@dataclass(frozen=True, slots=True)
class AddressCard:
    """A kept address: its lines, and what may be done with it."""

    lines: tuple[str, ...]
    actions: tuple[Act, ...]
    preferred: bool = False


@dataclass(frozen=True, slots=True)
class AccountPage:
    """`links` lead to orders, e-mail addresses, the password and the person's stalls."""

    meta: Meta
    heading: str
    email: str
    links: tuple[Link, ...]
    name_action: str
    name_fields: tuple[Field, ...]
    addresses: tuple[AddressCard, ...]
    errors: tuple[FormError, ...] = ()
