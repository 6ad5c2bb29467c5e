"""The operators' page."""

from django.urls import path

from monitoring.ops import views

urlpatterns = [
    path("", views.show, name="ops"),
    path("panels/", views.renew, name="ops_panels"),
    path("do/<slug:name>/<str:target>/", views.act, name="ops_act"),
]
