from django.apps import AppConfig


class ImportsConfig(AppConfig):
    name = "marketplace.imports"
    label = "imports"
