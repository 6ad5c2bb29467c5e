from django.apps import AppConfig
from django.conf import settings


class MetricsConfig(AppConfig):
    name = "monitoring.metrics"
    label = "metrics"

    token: str = ""
    # True shows the figures to everybody: the demo.
    is_open: bool = False
    # Where a process without a web page serves its figures; 0: nowhere.
    port: int = 0
    broker_url: str = ""
    queues: tuple[str, ...] = ("default",)
    # A folder on the disk that fills: the media's, or the working directory's.
    disk: str = "/"

    def ready(self) -> None:
        from monitoring import background
        from monitoring.metrics import celery_tasks, collected, machine, middleware, port, queues, samples, tallied
        from monitoring.requests import scrubber
        from monitoring.requests.middleware import answered

        self.token, self.is_open, self.port = settings.METRICS.token, settings.METRICS.is_open, settings.METRICS.port
        self.broker_url, self.disk = settings.CELERY_BROKER_URL, str(settings.BASE_DIR)
        scrubber.allow("gauge", "port")
        answered.append(middleware.count_rest)
        self.queues = settings.HEALTH.queues
        celery_tasks.connect()
        queues.register(self.broker_url, self.queues)
        machine.register(self.disk)
        background.register("metrics.tallied", every=tallied.EVERY, run=tallied.flush)
        background.register("metrics.samples", every=10.0, run=samples.flush)
        background.register("metrics.levels", every=15.0, run=machine.note)
        if settings.PROCESS_KIND != "web":
            background.register("metrics.collected", every=15.0, run=collected.refresh_all)
            if self.port:
                background.register("metrics.port", every=5.0, run=port.keep)
