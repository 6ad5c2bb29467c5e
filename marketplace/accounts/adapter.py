"""How django-allauth acts in this hall: its e-mails go through the outbox, never out of a request."""

from collections.abc import Mapping
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.db import transaction
from django.utils import timezone

from marketplace.core import events
from marketplace.core.events import Json


class AccountAdapter(DefaultAccountAdapter):
    """Publishes ``email.requested`` instead of talking to a mail server."""

    def send_mail(self, template_prefix: str, email: str, context: Mapping[str, Any]) -> None:
        """Asks for the e-mail ``emails/<name>`` where the prefix is ``account/email/<name>``."""
        name = template_prefix.rsplit("/", 1)[-1]
        values: dict[str, Json] = {
            key: str(context[key])
            for key in ("activate_url", "password_reset_url", "signup_url", "code")
            if key in context
        }
        with transaction.atomic():
            events.publish(
                "email.requested",
                {"template": f"account_{name}", "to": email, "values": values},
                now=timezone.now(),
            )
