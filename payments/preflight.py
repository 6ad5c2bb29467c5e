"""What payments need before the hall opens: keys that are Stripe's, belong together and fit the hall."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from django.core.checks import CheckMessage

from marketplace.core.hall import hall
from monitoring.preflight import mask
from monitoring.preflight.findings import error, rule, warning
from monitoring.preflight.postgres import clock
from monitoring.preflight.probes import Probe, add
from payments import gateway
from payments.access import Access, access
from payments.provider import ProviderRejected

SECRET, PUBLISHABLE, WEBHOOK, BASE = (
    "STRIPE_SECRET_KEY",
    "STRIPE_PUBLISHABLE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_API_BASE",
)
_SECRET_KEY = re.compile(r"(?:sk|rk)_(test|live)_[A-Za-z0-9]{16,}")
_PUBLISHABLE_KEY = re.compile(r"pk_(test|live)_[A-Za-z0-9]{16,}")
_WEBHOOK_SECRET = re.compile(r"whsec_[A-Za-z0-9+/=]{16,}")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_KEYS = "https://dashboard.stripe.com/apikeys"
# Stripe may be far away, and its library takes most of a second to load.
PROVIDER_SECONDS = 4.0


def register() -> None:
    """Called when the app is ready."""
    mask.hide(lambda: (access().secret_key, access().publishable_key, *access().webhook_secrets))
    rule(lambda: keys(access(), site_url=hall().site_url))
    add(Probe("provider", SECRET, provider, timeout=PROVIDER_SECONDS))


def keys(who: Access, *, site_url: str) -> Iterator[CheckMessage]:
    """Shapes, modes, and both against where the hall is."""
    secret, publishable = _SECRET_KEY.fullmatch(who.secret_key), _PUBLISHABLE_KEY.fullmatch(who.publishable_key)
    if not secret:
        yield error(
            "stripe.secret_key", SECRET, "is not a secret key: sk_live_… or rk_live_… (sk_test_… on loopback).",
            hint=f"Copy the secret key from {_KEYS}.",
        )  # fmt: skip
    if not publishable:
        yield error(
            "stripe.publishable_key", PUBLISHABLE, "is not a publishable key: pk_live_… (pk_test_… on loopback).",
            hint=f"Copy the publishable key from {_KEYS}; a secret key there would be shown to every buyer.",
        )  # fmt: skip
    if secret and publishable and secret[1] != publishable[1]:
        yield error(
            "stripe.modes", PUBLISHABLE, f"is a {publishable[1]} key, but {SECRET} is a {secret[1]} key.",
            hint="Take both from the same mode of the same account.",
        )  # fmt: skip
    modes = {name: match[1] for name, match in ((SECRET, secret), (PUBLISHABLE, publishable)) if match}
    yield from _place(who, modes, public=urlsplit(site_url).hostname not in _LOOPBACK)
    yield from _webhook_secrets(who.webhook_secrets)


def _place(who: Access, modes: dict[str, str], *, public: bool) -> Iterator[CheckMessage]:
    """Live keys where buyers come, test keys where developers do."""
    real = urlsplit(who.api_base).hostname == "api.stripe.com" and who.api_base.startswith("https://")
    if public and not real:
        yield error("stripe.api_base", BASE, "is not Stripe's own address.", hint="Leave it unset in production.")
    for name, mode in modes.items():
        if public and mode == "test":
            yield error(
                "stripe.test_key", name, "is a test key in a public hall: orders would be paid with pretended money.",
                hint=f"Use the live key from {_KEYS}.",
            )  # fmt: skip
        if not public and mode == "live":
            yield warning(
                "stripe.live_key", name, "is a live key on loopback: whatever is tried here moves real money.",
                hint=f"Use a test key from {_KEYS}.",
            )  # fmt: skip


def _webhook_secrets(secrets: tuple[str, ...]) -> Iterator[CheckMessage]:
    if secrets and all(_WEBHOOK_SECRET.fullmatch(secret) for secret in secrets):
        return
    yield error(
        "stripe.webhook_secret", WEBHOOK, "is not the signing secret of a webhook endpoint: whsec_….",
        hint="Copy it from the endpoint's page in Stripe's dashboard; two, separated by a comma, while you rotate.",
    )  # fmt: skip


def provider() -> Iterator[CheckMessage]:
    """Whose key it is, by the cheapest read-only request; and what the provider's clock says."""
    if not _SECRET_KEY.fullmatch(access().secret_key):
        return  # said already, and nothing else may be sent to a stranger
    try:
        account = gateway.fetch_account()
    except ProviderRejected as refusal:
        if access().secret_key.startswith("rk_") and refusal.reason != "AuthenticationError":
            yield warning(
                "stripe.restricted", SECRET, "is a restricted key that may not read its own account: nothing was proved.",
                hint="Grant it read access to the account, or make sure of its rights by a test order.",
            )  # fmt: skip
            return
        yield error(
            "stripe.refused", SECRET, "is refused by the provider: revoked, mistyped, or of another account.",
            hint=f"Make a new one at {_KEYS}.",
        )  # fmt: skip
        return
    if not account.charges_enabled:
        yield error(
            "stripe.charges", SECRET, "belongs to an account that cannot take payments yet.",
            hint="Finish what https://dashboard.stripe.com/account asks for.",
        )  # fmt: skip
    try:
        drift = (datetime.now(UTC) - parsedate_to_datetime(account.date)).total_seconds()
    except (ValueError, TypeError):
        return  # it did not say
    yield from clock("stripe", SECRET, drift, whose="the provider's")
