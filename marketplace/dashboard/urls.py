"""The seller's pages, under /sell/."""

from django.urls import path

from marketplace.dashboard import views

app_name = "dashboard"
urlpatterns = [
    path("", views.home, name="home"),
    path("open/", views.open_stall, name="open"),
    path("<slug:stall>/today/", views.today, name="today"),
    path("<slug:stall>/orders/", views.orders, name="orders"),
    path("<slug:stall>/orders/<str:number>/", views.order, name="order"),
    path("<slug:stall>/jobs/", views.jobs, name="jobs"),
    path("<slug:stall>/products/", views.products, name="products"),
]
