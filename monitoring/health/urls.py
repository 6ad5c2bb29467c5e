"""The addresses of the health endpoints; ``probes`` answers them before anything else is asked."""

from django.urls import path

from monitoring.health import views

urlpatterns = [
    path("healthz", views.alive, name="healthz"),
    path("readyz", views.ready, name="readyz"),
    path("health/", views.summary, name="health"),
    path("health/detailed/", views.details, name="health_detailed"),
]
