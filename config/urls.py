"""The map of the site."""

from django.contrib import admin
from django.urls import include, path

from config.media import picture
from marketplace.storefront import account_views, device_views
from monitoring.metrics import views as metrics

urlpatterns = [
    path("admin/", admin.site.urls),
    path("account/", account_views.home, name="account_home"),
    path("account/devices/", device_views.devices, name="account_devices"),
    path("account/", include("allauth.account.urls")),
    path("sell/", include("marketplace.dashboard.urls")),
    path("media/<path:path>", picture),
    path("", include("monitoring.health.urls")),
    path("ops/", include("monitoring.ops.urls")),
    path("metrics", metrics.metrics, name="metrics"),
    path("vitals/", metrics.report_vitals, name="vitals"),
    path("", include("payments.urls")),
    path("", include("marketplace.storefront.urls")),
]

handler400 = "config.error_pages.bad_request"
handler403 = "config.error_pages.forbidden"
handler404 = "config.error_pages.not_found"
# Asked for by django-allauth, whose sign-in limits answer with it.
handler429 = "config.error_pages.too_many_requests"
handler500 = "config.error_pages.server_error"
