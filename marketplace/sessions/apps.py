from django.apps import AppConfig


class SessionsConfig(AppConfig):
    name = "marketplace.sessions"
    label = "hall_sessions"
