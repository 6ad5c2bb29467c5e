from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "monitoring.jobs"
    label = "jobs"

    def ready(self) -> None:
        from monitoring.jobs import figures

        figures.register()
