from django.apps import AppConfig


class RequestsConfig(AppConfig):
    name = "monitoring.requests"
    label = "requests"
