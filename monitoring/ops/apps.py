from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "monitoring.ops"
    label = "ops"
