"""Address rules for operators: who, when and why of every change stays."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from monitoring.limits import services
from monitoring.limits.models import AddressRule, AddressRuleEvent
from monitoring.limits.services import BadRule
from monitoring.requests.client_ip import client_ip


class RuleForm(ModelForm[AddressRule]):
    """Checks as the services do, so that a mistake is shown beside its field."""

    network = forms.CharField(max_length=43, help_text="Such as 203.0.113.0/24, 203.0.113.7 or 2001:db8::/48.")
    actor_address = ""

    class Meta:
        model = AddressRule
        fields = ("network", "verdict", "reason", "expires_at")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.errors:
            try:
                cleaned["network"] = services.checked(
                    network=self.instance.network if self.instance.pk else cleaned["network"],
                    verdict=cleaned["verdict"],
                    reason=cleaned["reason"],
                    expires_at=cleaned.get("expires_at"),
                    actor_address=self.actor_address,
                    rule_id=self.instance.pk,
                    now=timezone.now(),
                )
            except BadRule as error:
                for field, text in error.fields.items():
                    self.add_error(field if field in self.fields else None, text)
        return cleaned


class ReasonForm(ActionForm):
    """The action bar, with a reason."""

    reason = forms.CharField(required=False, max_length=300, label="Reason (to end)")


class EventInline(admin.TabularInline[AddressRuleEvent, AddressRule]):
    model = AddressRuleEvent
    extra = 0
    can_delete = False
    fields = readonly_fields = ("created_at", "act", "verdict", "reason", "expires_at", "actor")

    def has_add_permission(self, request: HttpRequest, obj: AddressRule | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AddressRule | None = None) -> bool:
        return False


@admin.register(AddressRule)
class AddressRuleAdmin(admin.ModelAdmin[AddressRule]):
    """Rules are ended, never deleted: their history is the record of who was shut out and why."""

    form = RuleForm
    list_display = ("network", "verdict", "reason", "created_at", "expires_at", "ended_at")
    list_filter = ("verdict",)
    ordering = ("-created_at",)
    inlines = (EventInline,)
    action_form = ReasonForm
    actions = ("end",)

    def get_form(
        self, request: HttpRequest, obj: AddressRule | None = None, change: bool = False, **kwargs: Any
    ) -> type[ModelForm[AddressRule]]:
        form = super().get_form(request, obj, change, **kwargs)
        return type("OperatorsRuleForm", (form,), {"actor_address": client_ip(request)})

    def get_readonly_fields(self, request: HttpRequest, obj: AddressRule | None = None) -> tuple[str, ...]:
        """The network is the rule: another network is another rule."""
        return ("network", "created_at", "ended_at") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: AddressRule | None = None) -> bool:
        return (obj is None or obj.ended_at is None) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: AddressRule | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: AddressRule, form: Any, change: bool) -> None:
        """Through the services, which write the history."""
        told: dict[str, Any] = {
            "verdict": obj.verdict,
            "reason": obj.reason,
            "expires_at": obj.expires_at,
            "actor": _actor(request),
            "actor_address": client_ip(request),
            "now": timezone.now(),
        }
        saved = (
            services.change_rule(rule_id=obj.pk, **told) if change else services.add_rule(network=obj.network, **told)
        )
        obj.pk, obj.created_at, obj.network = saved.pk, saved.created_at, saved.network

    @admin.action(description="End the rule (with a reason)", permissions=["change"])
    def end(self, request: HttpRequest, queryset: QuerySet[AddressRule]) -> None:
        reason = request.POST.get("reason", "")[:300]
        for rule in queryset.order_by("pk"):
            services.end_rule(rule_id=rule.pk, reason=reason, actor=_actor(request), now=timezone.now())
            self.log_change(request, rule, f"Ended: {reason}")
        self.message_user(request, "Ended. It takes up to five seconds everywhere.", messages.SUCCESS)


def _actor(request: HttpRequest) -> str:
    return f"{request.user.pk}: {request.user}"
