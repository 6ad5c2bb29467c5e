"""Orders for operators: found by number, buyer, stall or thing. States change through services, never here."""

from typing import ClassVar

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from marketplace.orders.models import Order, OrderEvent, OrderGroup, OrderLine


class ReadOnly:
    """Nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class OrderInline(ReadOnly, admin.TabularInline[Order, OrderGroup]):
    model = Order
    extra = 0
    show_change_link = True
    fields = ("number", "seller", "state", "total_minor", "ship_by", "tracking_carrier", "tracking_number")


@admin.register(OrderGroup)
class OrderGroupAdmin(ReadOnly, admin.ModelAdmin[OrderGroup]):
    """What a buyer ordered in one checkout. The floor of payments adds its ids to the search."""

    list_display = ("number", "email", "state", "total_minor", "currency", "placed_at", "paid_at")
    list_filter = ("state",)
    search_fields: ClassVar[tuple[str, ...]] = ("=number", "email", "=orders__number")
    search_help_text = "Order number, e-mail address, payment id or the provider's id"
    # The token opens the order for its holder: nobody needs to read it.
    exclude = ("access_token",)
    raw_id_fields = ("cart", "buyer")
    date_hierarchy = "placed_at"
    ordering = ("-placed_at",)
    inlines = (OrderInline,)


class LineInline(ReadOnly, admin.TabularInline[OrderLine, Order]):
    model = OrderLine
    extra = 0
    raw_id_fields = ("offer",)


class EventInline(ReadOnly, admin.TabularInline[OrderEvent, Order]):
    model = OrderEvent
    extra = 0


@admin.register(Order)
class OrderAdmin(ReadOnly, admin.ModelAdmin[Order]):
    """One stall's part."""

    list_display = ("number", "group", "seller", "state", "total_minor", "placed_at", "ship_by")
    list_filter = ("state", "seller")
    list_select_related = ("group", "seller")
    search_fields = ("=number", "=group__number", "group__email", "seller__name", "lines__sku", "lines__title")
    search_help_text = "Number, e-mail address, stall, SKU or title"
    date_hierarchy = "placed_at"
    ordering = ("-placed_at",)
    inlines = (LineInline, EventInline)
