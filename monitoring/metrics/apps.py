from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "monitoring.metrics"
    label = "metrics"
