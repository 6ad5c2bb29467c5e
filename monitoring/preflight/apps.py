from django.apps import AppConfig


class PreflightConfig(AppConfig):
    name = "monitoring.preflight"
    label = "preflight"
