from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created


class DatabaseConfig(AppConfig):
    name = "monitoring.database"
    label = "database"

    def ready(self) -> None:
        from monitoring import background
        from monitoring.database import pool, services, standby, watch
        from monitoring.requests import origin, scrubber

        scrubber.allow("statement", "code", "origin")
        watch.configure(threshold_ms=settings.SLOW_QUERY_MS)
        origin.follow_tasks()
        connection_created.connect(watch.attach, weak=False, dispatch_uid="database.watch")
        connection_created.connect(standby.attach, weak=False, dispatch_uid="database.standby")
        if standby.configured():
            background.register("database.standby", every=standby.EVERY, run=standby.look)
        background.register("database.pool", every=5.0, run=pool.measure)
        background.register("database.slow", every=10.0, run=services.write)
