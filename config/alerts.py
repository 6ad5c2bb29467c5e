"""Where the hall's alerts are told."""

from datetime import timedelta
from urllib.parse import urlsplit

from config.env import number, refuse, text, words
from config.site import LOOPBACK
from monitoring.alerts.channels import Channels


def alert_channels(site_url: str) -> Channels:
    """The channels as the environment names them; the webhook's address is a secret and stands in no message."""
    emails = words("ALERT_EMAILS")
    for place, address in enumerate(emails, start=1):
        if address.count("@") != 1 or address.startswith("@") or any(char.isspace() for char in address):
            refuse("ALERT_EMAILS", f"its entry {place} is not an e-mail address.")
    webhook = text("ALERT_WEBHOOK_URL", None)
    reason = _not_a_webhook(webhook) if webhook else ""
    if reason:
        refuse("ALERT_WEBHOOK_URL", reason)
    return Channels(
        emails=tuple(emails),
        webhook_url=webhook,
        reminder=timedelta(hours=number("ALERT_REMINDER_HOURS", 4, least=1)),
        site_url=site_url,
    )


def _not_a_webhook(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or not url.isascii() or not url.isprintable() or " " in url:
        return "is not an address such as https://host/path."
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        return "must start with https:// (plain http is for loopback only)."
    if parts.username is not None or parts.fragment:
        return "must be scheme, host, path and query alone: no user, no #."
    return ""
