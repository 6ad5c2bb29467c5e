"""The operators' admin site."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect


class AwningAdmin(AdminSite):
    """Plain Django admin with the hall's own sign-in."""

    site_header = "Awning"
    site_title = "Awning"
    index_title = "Operators"
    # Leads to the operators' page.
    index_template = "config/admin_index.html"

    def has_permission(self, request: HttpRequest) -> bool:
        """Every page of the admin asks this first: a query with a NUL, which the database refuses, ends here."""
        if any("\x00" in text for values in request.GET.lists() for text in (values[0], *values[1])):
            raise BadRequest("The address holds a character that no text may hold.")
        return super().has_permission(request)

    def login(self, request: HttpRequest, extra_context: dict[str, object] | None = None) -> HttpResponse:
        """Sends a stranger to the one sign-in page; who is signed in without the right is told so."""
        if self.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", "/admin/"))
