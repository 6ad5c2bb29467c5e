"""Money for operators: found by order, buyer or provider, and read-only. Changes go through refunds and services."""

from django.contrib import admin
from django.db.models import QuerySet, Sum
from django.http import HttpRequest

from marketplace.orders.admin import OrderGroupAdmin, ReadOnly
from payments.models import (
    IdempotencyKey,
    InboxEvent,
    JournalEntry,
    LedgerAccount,
    Payment,
    PaymentAllocation,
    Posting,
    Refund,
)

# Orders do not know who pays for them, but operators look for them by what stands on a bank statement.
OrderGroupAdmin.search_fields += ("=payments__id", "=payments__provider_id")


class AllocationInline(ReadOnly, admin.TabularInline[PaymentAllocation, Payment]):
    model = PaymentAllocation
    extra = 0


class RefundInline(ReadOnly, admin.TabularInline[Refund, Payment]):
    model = Refund
    extra = 0
    fields = ("id", "amount_minor", "reason", "state", "provider_id", "created_at", "succeeded_at", "last_error")
    readonly_fields = ("id",)


@admin.register(Payment)
class PaymentAdmin(ReadOnly, admin.ModelAdmin[Payment]):
    """Search by order number, e-mail, our payment id or the provider's."""

    list_display = (
        "id",
        "group",
        "amount_minor",
        "currency",
        "state",
        "captured_minor",
        "refunded_minor",
        "created_at",
    )
    list_filter = ("state", "flow", "currency")
    list_select_related = ("group",)
    search_fields = (
        "=id",
        "=provider_id",
        "=provider_session_id",
        "group__number",
        "group__email",
        "group__orders__number",
    )
    search_help_text = "Order number, e-mail address, payment id or the provider's id"
    # The secret lets its holder pay: nobody needs to read it.
    exclude = ("client_secret",)
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    inlines = (AllocationInline, RefundInline)


@admin.register(Refund)
class RefundAdmin(ReadOnly, admin.ModelAdmin[Refund]):
    list_display = ("id", "payment", "amount_minor", "state", "reason", "created_at", "succeeded_at")
    list_filter = ("state",)
    list_select_related = ("payment",)
    search_fields = ("=id", "=provider_id", "=payment__id", "=payment__provider_id", "payment__group__number",
                     "payment__group__email")  # fmt: skip
    search_help_text = "Order number, e-mail address, refund or payment id, or the provider's id"
    date_hierarchy = "created_at"
    ordering = ("-created_at",)


class PostingInline(ReadOnly, admin.TabularInline[Posting, JournalEntry]):
    model = Posting
    extra = 0


@admin.register(JournalEntry)
class JournalEntryAdmin(ReadOnly, admin.ModelAdmin[JournalEntry]):
    """The books: entries with their lines. ``ref`` holds the payment's or refund's id."""

    list_display = ("ref", "kind", "created_at")
    list_filter = ("kind",)
    search_fields = ("ref",)
    search_help_text = "Reference, or the id of a payment or refund"
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    inlines = (PostingInline,)


@admin.register(LedgerAccount)
class LedgerAccountAdmin(ReadOnly, admin.ModelAdmin[LedgerAccount]):
    list_display = ("kind", "seller", "currency", "balance_minor")
    list_filter = ("kind", "currency")
    list_select_related = ("seller",)
    search_fields = ("seller__name", "seller__slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[LedgerAccount]:
        return super().get_queryset(request).annotate(total=Sum("postings__amount_minor"))

    @admin.display(description="Balance (minor units, debit positive)")
    def balance_minor(self, account: LedgerAccount) -> int:
        return getattr(account, "total", None) or 0


@admin.register(InboxEvent)
class InboxEventAdmin(ReadOnly, admin.ModelAdmin[InboxEvent]):
    list_display = ("event_id", "type", "received_at", "attempts", "processed_at", "dead_at")
    list_filter = ("type", ("dead_at", admin.EmptyFieldListFilter), ("processed_at", admin.EmptyFieldListFilter))
    search_fields = ("=event_id", "type")
    date_hierarchy = "received_at"
    ordering = ("-received_at",)


@admin.register(IdempotencyKey)
class IdempotencyKeyAdmin(ReadOnly, admin.ModelAdmin[IdempotencyKey]):
    list_display = ("route", "principal", "key", "status", "location", "created_at")
    search_fields = ("=key", "location", "principal")
    exclude = ("body",)
    ordering = ("-created_at",)
