from django.apps import AppConfig
from django.core.signals import request_finished


class RequestsConfig(AppConfig):
    name = "monitoring.requests"
    label = "requests"

    def ready(self) -> None:
        from monitoring import background
        from monitoring.requests import access, ids, logs, propagation

        def forget(**kwargs: object) -> None:
            ids.end()

        # When the answer is closed: what Django logs about it after the last middleware still has the id.
        request_finished.connect(forget, weak=False, dispatch_uid="requests.forget")
        background.surround(lambda job: ids.within(job=job))
        background.register("requests.lines", every=access.EVERY, run=access.write_out)
        logs.take_over()
        propagation.follow_tasks()
