from django.apps import AppConfig


class DatabaseConfig(AppConfig):
    name = "monitoring.database"
    label = "database"
