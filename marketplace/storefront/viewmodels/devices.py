"""The devices on which a person is signed in."""

from dataclasses import dataclass

from marketplace.core.page_parts import Act, Crumb, Meta


@dataclass(frozen=True, slots=True)
class DeviceCard:
    """``act`` signs the device out; None for the one in use, which has the menu's own way."""

    name: str
    here: bool
    seen: str
    signed_in: str
    network: str
    act: Act | None


@dataclass(frozen=True, slots=True)
class DevicesPage:
    """``others`` signs all other devices out; None when there are none."""

    meta: Meta
    crumbs: tuple[Crumb, ...]
    devices: tuple[DeviceCard, ...]
    others: Act | None
    password_href: str
