"""The page of devices: one query."""

from datetime import datetime

from django.urls import reverse

from marketplace.core.dates import moment
from marketplace.core.page_parts import Act, Crumb, Hidden, Meta
from marketplace.sessions import queries
from marketplace.sessions.devices import named
from marketplace.sessions.queries import DeviceLine
from marketplace.storefront.viewmodels.devices import DeviceCard, DevicesPage


def devices_page(*, user_id: int, handle: str, now: datetime) -> DevicesPage:
    """All devices of the person; the one with this handle, in use now, comes first."""
    lines = sorted(queries.devices(user_id=user_id, now=now), key=lambda line: line.handle != handle)
    others = [line for line in lines if line.handle != handle]
    return DevicesPage(
        meta=Meta("Your devices", robots="noindex"),
        crumbs=(Crumb("Your account", reverse("account_home")),),
        devices=tuple(_card(line, here=line.handle == handle, now=now) for line in lines),
        others=_act("Sign out all others", "end_others", dangerous=True) if others else None,
        password_href=reverse("account_change_password"),
    )


def _card(line: DeviceLine, *, here: bool, now: datetime) -> DeviceCard:
    name = named(line.browser, line.system)
    seen = _seen(line.seen_at, now)
    return DeviceCard(
        name=name,
        here=here,
        seen="In use now" if here else seen,
        signed_in=f"Signed in {moment(line.began_at)}",
        network=f"Network {line.network}" if line.network else "",
        act=None if here else _act("Sign out", "end", Hidden("device", line.handle), label=f"Sign out {name}: {seen}"),
    )


def _act(text: str, action: str, *hidden: Hidden, label: str = "", dangerous: bool = False) -> Act:
    return Act(
        text,
        reverse("account_devices"),
        (Hidden("action", action), *hidden),
        tone="danger" if dangerous else "plain",
        icon="log-out",
        label=label,
    )


def _seen(at: datetime, now: datetime) -> str:
    """Use is noted every two hours only: anything finer would be made up."""
    hours = (now - at).total_seconds() / 3600
    if hours < 2:
        return "Seen in the last two hours"
    return f"Last seen {int(hours)} hours ago" if hours < 48 else f"Last seen {moment(at)}"
