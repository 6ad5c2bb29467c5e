from django.apps import AppConfig
from django.conf import settings
from django.contrib.auth.signals import user_logged_in

from marketplace.sessions.policy import Policy


class SessionsConfig(AppConfig):
    name = "marketplace.sessions"
    label = "hall_sessions"

    policy: Policy

    def ready(self) -> None:
        from marketplace.sessions import sign_in

        self.policy = settings.SESSIONS
        user_logged_in.connect(sign_in.note, dispatch_uid="hall_sessions")
