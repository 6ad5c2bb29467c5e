"""The hall for the rolling test: its own application, with one page more that takes its time, reads and writes."""

from config.wsgi import application  # isort: skip - sets Django up

import time

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config import urls

__all__ = ["application"]


@csrf_exempt
def slow(request: HttpRequest) -> HttpResponse:
    """Takes ``seconds`` inside the database, or stays ``stuck`` outside of it; a POST leaves its ``mark``."""
    time.sleep(float(request.GET.get("stuck", 0)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [float(request.GET.get("seconds", 0))])
        if request.method == "POST":
            cursor.execute("INSERT INTO rolling_post (mark) VALUES (%s)", [request.POST["mark"]])
    return HttpResponse("done")


# Under a prefix that no limit counts: the load comes from one address.
urls.urlpatterns.insert(0, path("webhooks/slow/", slow))
