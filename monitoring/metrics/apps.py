from django.apps import AppConfig


class MetricsConfig(AppConfig):
    name = "monitoring.metrics"
    label = "metrics"

    def ready(self) -> None:
        from monitoring import background
        from monitoring.metrics import samples

        background.register("metrics.samples", every=10.0, run=samples.flush)
