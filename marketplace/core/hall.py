"""What is true of the whole hall: its currency and its address. Set from the settings when the process starts."""

from dataclasses import dataclass

from django.apps import apps


@dataclass(frozen=True, slots=True)
class Hall:
    """``currency`` is an ISO 4217 code; ``site_url`` has no slash at its end."""

    currency: str
    site_url: str


def hall() -> Hall:
    """The hall this process serves."""
    # Straight from the table: every page asks, some of them for each price.
    config: Hall = apps.app_configs["core"].hall  # type: ignore[attr-defined]
    return config


def currency() -> str:
    """The hall's one currency."""
    return hall().currency


def absolute(path: str) -> str:
    """The full URL of a path of this site, for e-mails and providers."""
    return hall().site_url + path
