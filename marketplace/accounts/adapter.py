"""How django-allauth acts in this hall: its e-mails go through the outbox, never out of a request."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import get_random_string

from marketplace.core import events
from marketplace.core.events import Json
from marketplace.core.hall import absolute
from monitoring.limits.guard import spend
from monitoring.requests.client_ip import client_ip


class AccountAdapter(DefaultAccountAdapter):
    """Publishes ``email.requested`` instead of talking to a mail server."""

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:
        """Asks for the e-mail ``emails/<name>`` where the prefix is ``account/email/<name>``.

        Links lead to the hall's own address, whatever Host header the request came with. Beyond a few in a quarter of an
        hour nothing is sent, and nobody is told: strangers can ask for letters to any address.
        """
        if not spend("letter", account=email).allowed:
            return
        name = template_prefix.rsplit("/", 1)[-1]
        values: dict[str, Json] = {
            key: absolute(urlsplit(str(context[key])).path)
            for key in ("activate_url", "password_reset_url", "signup_url")
            if key in context
        }
        with transaction.atomic():
            events.publish(
                "email.requested",
                {"template": f"account_{name}", "to": email, "values": values},
                now=timezone.now(),
            )

    def send_account_already_exists_mail(self, email: str) -> None:
        """Tells the owner instead of the stranger who signs up, and takes as long as a real sign-up does."""
        # Hashing the password is what a sign-up spends its time on.
        make_password(get_random_string(16))
        super().send_account_already_exists_mail(email)

    def get_client_ip(self, request: HttpRequest) -> str:
        """Whose attempts are counted; behind our proxies, the client and not the proxy."""
        return client_ip(request)

    def is_safe_url(self, url: str) -> bool:
        """Whether ``url`` may be redirected to; what is no URL at all may not."""
        try:
            return bool(super().is_safe_url(url))
        except ValueError:
            return False
