from django.apps import AppConfig


class LimitsConfig(AppConfig):
    name = "monitoring.limits"
    label = "limits"
