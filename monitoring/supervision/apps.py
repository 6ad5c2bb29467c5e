from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "monitoring.supervision"
    label = "supervision"
