"""The WSGI entry point of the web processes."""

import os

from config.metrics import prepare

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PROCESS_KIND", "web")
os.environ.update(prepare(os.environ["PROCESS_KIND"]))


from wsgiref.types import WSGIApplication

from django.conf import settings
from django.core.wsgi import get_wsgi_application


def _application() -> WSGIApplication:
    django = get_wsgi_application()
    # Not at the top: it needs the apps.
    from config.pages import WholePages

    return WholePages(django)


application = _application()

# Whoever only borrows the application, as tests do, has read the settings as something else, and gets no threads.
if settings.PROCESS_KIND == "web":
    from config import web_process

    web_process.begin()
