from datetime import datetime
from multiprocessing import util

from django.apps import AppConfig
from django.conf import settings


class ErrorsConfig(AppConfig):
    name = "monitoring.errors"
    label = "errors"

    def ready(self) -> None:
        from monitoring import background
        from monitoring.errors import delivery, forwarding, wiring
        from monitoring.errors.batches import Sender
        from monitoring.requests import scrubber

        scrubber.allow("task_id", "sweep", "handler", "event_id")
        delivery.use(wiring.courier(Sender(process=settings.PROCESS_KIND, release=settings.RELEASE)))
        forwarding.configure(settings.SENTRY)
        wiring.listen()

        def drain(now: datetime) -> int:
            return delivery.drain(now, ending=background.ending())

        background.register("errors.drain", every=1.0, run=drain)
        # After the last run, which a slow store may have cut short. Granian's workers run this, and not atexit.
        util.Finalize(None, delivery.log_rest, exitpriority=0)
