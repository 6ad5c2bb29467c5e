"""Where the payment provider is and who we are there. Set from the settings when the process starts."""

from dataclasses import dataclass

from django.apps import apps


@dataclass(frozen=True, slots=True)
class Access:
    """``script_url`` is the provider's browser script. Several webhook secrets are valid while one replaces another."""

    secret_key: str
    publishable_key: str
    api_base: str
    script_url: str
    webhook_secrets: tuple[str, ...]


def access() -> Access:
    """The access of this process."""
    config: Access = apps.get_app_config("payments").access  # type: ignore[attr-defined]
    return config
