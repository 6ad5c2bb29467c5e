"""The configuration, checked before a release goes live."""

from django.apps import AppConfig


class PreflightConfig(AppConfig):
    name = "monitoring.preflight"
    label = "preflight"
