"""How each view is doing, read only."""

from django.contrib import admin
from django.http import HttpRequest

from marketplace.insights.models import ViewState


@admin.register(ViewState)
class ViewStateAdmin(admin.ModelAdmin[ViewState]):
    list_display = ("name", "refreshed_at", "duration_ms", "dirty_since", "attempts", "failed_at", "last_error")
    ordering = ("name",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ViewState | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ViewState | None = None) -> bool:
        return False
