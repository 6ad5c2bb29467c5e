"""The WSGI entry point of the web processes."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("PROCESS_KIND", "web")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
