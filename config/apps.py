import os
from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class AdminSite(AdminConfig):
    """Django's own admin; sign-in goes through the hall's sign-in page, so that one set of limits guards it."""

    default_site = "config.admin.AwningAdmin"


class Wiring(AppConfig):
    """Joins what the floors below must not know of each other."""

    name = "config"

    def ready(self) -> None:
        # Whoever sends a task must know the queues and time-outs of the workers: without this, a web process would send
        # to Celery's own default queue, which nobody reads.
        os.environ.setdefault("PROCESS_KIND", settings.PROCESS_KIND)
        import_module("config.celery")
        # Not at the top: Django's own modules that they need want the apps first.
        for module in ("config.preflight", "config.probing", "config.supervision", "config.status"):
            import_module(module).register()
