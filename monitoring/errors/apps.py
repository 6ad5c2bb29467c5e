from django.apps import AppConfig


class ErrorsConfig(AppConfig):
    name = "monitoring.errors"
    label = "errors"
