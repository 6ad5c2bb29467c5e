"""The hall for the rolling test: its own application, with one page more that takes its time, reads and writes."""

from config.wsgi import application  # isort: skip - sets Django up

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from config import urls

__all__ = ["application"]


@csrf_exempt
def slow(request: HttpRequest) -> HttpResponse:
    """Takes ``seconds`` inside the database; a POST leaves its ``mark``."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [float(request.GET["seconds"])])
        if request.method == "POST":
            cursor.execute("INSERT INTO rolling_post (mark) VALUES (%s)", [request.POST["mark"]])
    return HttpResponse("done")


urls.urlpatterns.append(path("slow/", slow))
if True:  # TEMPORARY
    from django.urls import resolve, Resolver404
    try:
        resolve("/readyz")
    except Resolver404:
        from monitoring.requests import shutdown
        urls.urlpatterns.append(path("readyz", lambda request: HttpResponse("x", status=503 if shutdown.draining() else 200)))
        from django.urls import clear_url_caches
        clear_url_caches()
