"""Stalls for operators: approval and suspension go through the services and are logged."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from marketplace.core import cache
from marketplace.core.errors import AwningError
from marketplace.sellers import services
from marketplace.sellers.models import Seller, SellerMember, ShippingOption
from marketplace.sellers.queries import STALLS, stall_tag


class ReasonForm(ActionForm):
    """The action bar, with a reason."""

    reason = forms.CharField(required=False, max_length=300, label="Reason (to suspend)")


class SellerMemberInline(admin.TabularInline[SellerMember, Seller]):
    model = SellerMember
    extra = 0
    raw_id_fields = ("user",)
    readonly_fields = ("created_at",)

    def has_add_permission(self, request: HttpRequest, obj: Seller | None = None) -> bool:
        return False


class ShippingOptionInline(admin.TabularInline[ShippingOption, Seller]):
    model = ShippingOption
    extra = 0


@admin.register(Seller)
class SellerAdmin(admin.ModelAdmin[Seller]):
    """Found by slug, name or e-mail. The status is changed by the two actions only."""

    list_display = ("name", "slug", "status", "place", "country", "created_at")
    list_filter = ("status", "country")
    search_fields = ("slug", "name", "email")
    readonly_fields = ("status", "created_at", "approved_at", "suspended_at")
    ordering = ("name",)
    inlines = (SellerMemberInline, ShippingOptionInline)
    action_form = ReasonForm
    actions = ("approve", "suspend")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Stalls begin with an application."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Seller | None = None) -> bool:
        """Orders name their stall for ever: suspend it instead."""
        return False

    def save_related(self, request: HttpRequest, form: "ModelForm[Seller]", formsets: list[Any], change: bool) -> None:
        """Its name, its terms and its ways of shipping are shown at once."""
        super().save_related(request, form, formsets, change)
        cache.touch(stall_tag(form.instance.pk), STALLS)

    @admin.action(description="Approve the stall, or let it trade again", permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Seller]) -> None:
        for seller in queryset.order_by("pk"):
            services.approve(seller_id=seller.pk, now=timezone.now())
            self.log_change(request, seller, "Approved")
        self.message_user(request, "Approved. The goods appear within a few seconds.", messages.SUCCESS)

    @admin.action(description="Suspend the stall (with a reason)", permissions=["change"])
    def suspend(self, request: HttpRequest, queryset: QuerySet[Seller]) -> None:
        reason = request.POST.get("reason", "")[:300]
        try:
            for seller in queryset.order_by("pk"):
                services.suspend(seller_id=seller.pk, reason=reason, now=timezone.now())
                self.log_change(request, seller, f"Suspended: {reason}")
        except AwningError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        self.message_user(request, "Suspended. The goods disappear within a few seconds.", messages.SUCCESS)
