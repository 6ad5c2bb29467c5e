from datetime import UTC, datetime, timedelta

from django.apps import AppConfig
from django.conf import settings


class SupervisionConfig(AppConfig):
    name = "monitoring.supervision"
    label = "supervision"

    release: str = ""
    # Seconds without a sign of life before a process counts as wedged.
    silence: float = 60.0
    restarts_per_hour: int = 5

    def ready(self) -> None:
        from monitoring import background
        from monitoring.metrics import collected
        from monitoring.supervision import consumption, pulse, queries, services

        self.release = settings.RELEASE
        self.silence, self.restarts_per_hour = settings.SUPERVISOR.silence, settings.SUPERVISOR.restarts_per_hour

        def web(now: datetime) -> None:
            services.note(kind="web", now=now)

        def restarts() -> list[collected.Row]:
            counts = queries.restart_counts(datetime.now(UTC) - timedelta(hours=1))
            return [({"kind": kind}, float(counts.get(kind, 0))) for kind in ("beat", "worker")]

        def seen() -> list[collected.Row]:
            last = {kind: queries.last_seen(kind) for kind in ("web", "worker", "beat", "sweep")}
            return [({"kind": kind}, at.timestamp() if at else 0.0) for kind, at in last.items()]

        consumption.connect()
        if settings.PROCESS_KIND == "web":
            background.register("supervision.heartbeat", every=pulse.EVERY, run=web)
        if settings.PROCESS_KIND == "worker":
            background.register("supervision.consumption", every=pulse.EVERY, run=consumption.note)
        collected.register(
            "process_last_seen_timestamp_seconds",
            "When a process of this kind gave its last sign of life; 0 for never.",
            seen,
            labels=["kind"],
        )
        collected.register(
            "supervisor_restarts_last_hour", "What supervisors had to start again.", restarts, labels=["kind"]
        )
