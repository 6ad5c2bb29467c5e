"""Errors for operators: found, read, resolved. Counts and samples are facts; nobody edits them."""

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from monitoring.errors import queries, services
from monitoring.errors.models import ErrorEvent, ErrorGroup


class Facts:
    """Nothing is added, edited or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(ErrorGroup)
class ErrorGroupAdmin(Facts, admin.ModelAdmin[ErrorGroup]):
    """Kinds of errors; three actions say what to do about them, and the log keeps who said so."""

    list_display = ("type", "message", "culprit", "origin", "status", "count", "first_seen", "last_seen", "release")
    list_filter = ("status", "release")
    search_fields = ("type", "message", "culprit", "origin", "=fingerprint", "=events__request_id")
    search_help_text = "Type, text, file, page or task, or a request id"
    ordering = ("-last_seen",)
    list_per_page = 50
    show_full_result_count = False
    readonly_fields = ("samples",)
    actions = ("resolve", "ignore", "reopen")

    @admin.display(description="Latest samples")
    def samples(self, group: ErrorGroup) -> SafeString:
        return format_html_join(
            "\n",
            '<p><a href="{}">{} · {} · {}</a></p>',
            (
                (
                    reverse("admin:errors_errorevent_change", args=[event.pk]),
                    f"{event.at:%Y-%m-%d %H:%M:%S}",
                    event.origin or event.process,
                    event.request_id or "no request",
                )
                for event in queries.latest_events(group.pk, limit=20)
            ),
        )

    def has_decide_permission(self, request: HttpRequest) -> bool:
        """Who may change kinds of errors may say what becomes of them."""
        return request.user.has_perm("errors.change_errorgroup")

    @admin.action(description="Resolve: it is mended", permissions=["decide"])
    def resolve(self, request: HttpRequest, groups: "QuerySet[ErrorGroup]") -> None:
        chosen = list(groups)
        user = request.user.pk if isinstance(request.user.pk, int) else None
        count = services.resolve(groups=[group.pk for group in chosen], by=user, now=timezone.now())
        self._decided(request, chosen, "Resolved.", f"{count} resolved.")

    @admin.action(description="Ignore: count it and say nothing", permissions=["decide"])
    def ignore(self, request: HttpRequest, groups: "QuerySet[ErrorGroup]") -> None:
        chosen = list(groups)
        count = services.ignore(groups=[group.pk for group in chosen])
        self._decided(request, chosen, "Ignored.", f"{count} ignored.")

    @admin.action(description="Reopen", permissions=["decide"])
    def reopen(self, request: HttpRequest, groups: "QuerySet[ErrorGroup]") -> None:
        chosen = list(groups)
        count = services.reopen(groups=[group.pk for group in chosen])
        self._decided(request, chosen, "Reopened by hand.", f"{count} reopened.")

    def _decided(self, request: HttpRequest, groups: list[ErrorGroup], note: str, answer: str) -> None:
        for group in groups:
            self.log_change(request, group, note)
        self.message_user(request, answer, messages.SUCCESS)


@admin.register(ErrorEvent)
class ErrorEventAdmin(Facts, admin.ModelAdmin[ErrorEvent]):
    """One occurrence, as far as it is kept."""

    list_display = ("at", "group", "origin", "user", "request_id", "process", "release", "handled")
    list_filter = ("handled", "process")
    list_select_related = ("group",)
    search_fields = ("=request_id", "=user", "=origin")
    search_help_text = "A request id, a user's key, or a page or task as written"
    ordering = ("-at",)
    list_per_page = 50
    show_full_result_count = False
    fields = (
        "group", "at", "origin", "user", "request_id", "process", "release", "handled", "facts", "trace", "forwarded_at",
    )  # fmt: skip
    readonly_fields = ("trace",)

    @admin.display(description="Trace")
    def trace(self, event: ErrorEvent) -> SafeString:
        lines: list[str] = []
        for link in event.chain:
            lines.append(f"{link['type']}: {link['message']}")
            lines += [f"    {frame['file']}:{frame['line']} in {frame['function']}" for frame in link["frames"]]
        return format_html("<pre>{}</pre>", "\n".join(lines))
