"""Slow statements for operators, with their plan on request."""

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from monitoring.database import services
from monitoring.database.models import SlowQuery

# Plans per action: each may take two seconds.
MOST_PLANS = 3


@admin.register(SlowQuery)
class SlowQueryAdmin(admin.ModelAdmin[SlowQuery]):
    """What took long, which page or task asked for it, and from which line of code."""

    list_display = ("short", "origin", "code", "count", "very_slow", "worst_ms", "mean_ms", "last_at", "planned_at")
    list_filter = ("last_at",)
    search_fields = ("statement", "origin", "code")
    search_help_text = "A piece of the statement, a page or task, or a file"
    ordering = ("-worst_ms",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "origin", "code", "sql", "count", "very_slow", "mean_ms", "worst_ms", "first_at", "last_at", "shown_plan", "planned_at",
    )  # fmt: skip
    readonly_fields = ("sql", "mean_ms", "shown_plan")
    actions = ("plan",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_plan_permission(self, request: HttpRequest) -> bool:
        """Who may change slow queries may have them planned."""
        return request.user.has_perm("database.change_slowquery")

    @admin.display(description="Statement")
    def short(self, row: SlowQuery) -> str:
        return row.statement[:120]

    @admin.display(description="Mean ms")
    def mean_ms(self, row: SlowQuery) -> int:
        return row.total_ms // max(1, row.count)

    @admin.display(description="Statement")
    def sql(self, row: SlowQuery) -> SafeString:
        return format_html("<pre>{}</pre>", row.statement)

    @admin.display(description="Plan")
    def shown_plan(self, row: SlowQuery) -> SafeString:
        return format_html("<pre>{}</pre>", row.plan or "Not asked for yet: choose the action “Ask for the plan”.")

    @admin.action(description="Ask for the plan", permissions=["plan"])
    def plan(self, request: HttpRequest, rows: "QuerySet[SlowQuery]") -> None:
        chosen = list(rows[: MOST_PLANS + 1])
        if len(chosen) > MOST_PLANS:
            self.message_user(request, f"Choose at most {MOST_PLANS} statements at once.", messages.ERROR)
            return
        for row in chosen:
            try:
                services.plan(query=row.pk, now=timezone.now())
            except services.NotPlanned as reason:
                self.message_user(request, f"{row.statement[:60]}: {reason}", messages.WARNING)
            else:
                self.log_change(request, row, "Asked for the plan.")
                self.message_user(request, f"Planned: {row.statement[:60]}", messages.SUCCESS)
