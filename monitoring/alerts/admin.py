"""Alerts for operators: what fired, who took it on, and messages that reached nobody. Facts are not edited, only acted on."""

from collections.abc import Callable

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from monitoring.alerts import services
from monitoring.alerts.models import Alert, AlertDelivery


class Facts:
    """Nothing is added, edited or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Alert)
class AlertAdmin(Facts, admin.ModelAdmin[Alert]):
    """Open ones first; the two actions say who is on it, or that it is over."""

    list_display = (
        "title",
        "subject",
        "severity",
        "state",
        "value_text",
        "since",
        "acknowledged_by",
        "resolved_at",
        "resolved_by",
    )
    list_filter = ("severity", ("resolved_at", admin.EmptyFieldListFilter), "rule", "fired_at")
    list_select_related = ("acknowledged_by", "resolved_by")
    search_fields = ("title", "rule", "subject", "text", "note")
    search_help_text = "Title, rule, subject or detail"
    ordering = ("-resolved_at", "-fired_at")
    list_per_page = 50
    show_full_result_count = False
    actions = ("acknowledge", "resolve")

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change alerts may take them on and end them."""
        return request.user.has_perm("alerts.change_alert")

    @admin.action(description="Acknowledge: somebody is on it", permissions=["decide"])
    def acknowledge(self, request: HttpRequest, queryset: "QuerySet[Alert]") -> None:
        _each(self, request, queryset, services.acknowledge, "acknowledged")

    @admin.action(description="Resolve: it is over", permissions=["decide"])
    def resolve(self, request: HttpRequest, queryset: "QuerySet[Alert]") -> None:
        _each(self, request, queryset, services.resolve, "resolved")


@admin.register(AlertDelivery)
class AlertDeliveryAdmin(Facts, admin.ModelAdmin[AlertDelivery]):
    """Each message to each place; dead ones can be sent again."""

    list_display = ("message", "channel", "target", "due_at", "attempts", "sent_at", "dead_at", "last_error")
    list_filter = ("channel", ("dead_at", admin.EmptyFieldListFilter), ("sent_at", admin.EmptyFieldListFilter))
    list_select_related = ("message",)
    search_fields = ("message__subject", "target")
    search_help_text = "Subject or address"
    ordering = ("-due_at",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("send_again",)

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change deliveries may send them again."""
        return request.user.has_perm("alerts.change_alertdelivery")

    @admin.action(description="Send again what was given up", permissions=["decide"])
    def send_again(self, request: HttpRequest, queryset: "QuerySet[AlertDelivery]") -> None:
        now = timezone.now()
        done = sum(services.send_again(delivery_id=row.pk, now=now) for row in queryset)
        self.message_user(request, f"{done} brought back.", messages.SUCCESS if done else messages.WARNING)


Act = Callable[..., Alert]


def _each(page: AlertAdmin, request: HttpRequest, chosen: "QuerySet[Alert]", act: Act, what: str) -> None:
    by_id, done, over = request.user.pk, 0, 0
    for alert in chosen:
        try:
            act(alert_id=alert.pk, by_id=by_id, now=timezone.now())
            done += 1
        except services.NoSuchAlert:
            over += 1
    page.message_user(request, f"{done} {what}." + (f" {over} were over already." if over else ""))
