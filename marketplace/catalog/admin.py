"""Goods for operators. What must stay true across tables is written by the services, never by a form alone."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

from marketplace.catalog import facts, services
from marketplace.catalog.models import Attribute, Category, Offer, Product, ProductImage, ProductType, ProductVariant
from marketplace.catalog.queries import KINDS, SHELVES
from marketplace.catalog.richtext import sanitised
from marketplace.catalog.search.params import RESERVED
from marketplace.core import cache
from marketplace.core.errors import AwningError


@admin.register(Category)
class CategoryAdmin(admin.ModelAdmin[Category]):
    """The tree; paths follow from slugs and parents."""

    list_display = ("name", "path", "position")
    list_editable = ("position",)
    search_fields = ("name", "slug", "path")
    autocomplete_fields = ("parent",)
    readonly_fields = ("path",)
    list_select_related = ("parent",)

    def save_model(self, request: HttpRequest, obj: Category, form: "ModelForm[Category]", change: bool) -> None:
        try:
            saved = services.save_category(
                category_id=obj.pk,
                name=obj.name,
                parent_id=obj.parent_id,
                slug=obj.slug,
                blurb=obj.blurb,
                position=obj.position,
                now=timezone.now(),
            )
        except AwningError as error:
            self.message_user(request, error.message, messages.ERROR)
            return
        obj.pk, obj.path = saved.pk, saved.path

    def delete_model(self, request: HttpRequest, obj: Category) -> None:
        """Only an empty shelf can go; it goes from every page at once."""
        super().delete_model(request, obj)
        cache.touch(SHELVES)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Category]) -> None:
        super().delete_queryset(request, queryset)
        cache.touch(SHELVES)


class AttributeInline(admin.TabularInline[Attribute, ProductType]):
    model = Attribute
    extra = 0


@admin.register(ProductType)
class ProductTypeAdmin(admin.ModelAdmin[ProductType]):
    """Kinds of product with their attributes; a change is found in the index within seconds."""

    list_display = ("name", "slug")
    search_fields = ("name", "slug", "attributes__label")
    inlines = (AttributeInline,)

    def save_related(
        self, request: HttpRequest, form: "ModelForm[ProductType]", formsets: list[Any], change: bool
    ) -> None:
        super().save_related(request, form, formsets, change)
        kind = form.instance
        taken = kind.attributes.filter(slug__in=RESERVED, filterable=True).values_list("slug", flat=True)
        if taken:
            text = f"These slugs are used by the lists themselves, so they are shown but cannot be filtered: {', '.join(taken)}."
            self.message_user(request, text, messages.WARNING)
        with transaction.atomic():
            facts.products_changed(kind.products.values_list("pk", flat=True), now=timezone.now())
        cache.touch(KINDS)

    def delete_model(self, request: HttpRequest, obj: ProductType) -> None:
        """Only a kind without products can go; its filters go at once."""
        super().delete_model(request, obj)
        cache.touch(KINDS)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[ProductType]) -> None:
        super().delete_queryset(request, queryset)
        cache.touch(KINDS)


class VariantInline(admin.TabularInline[ProductVariant, Product]):
    model = ProductVariant
    extra = 0
    fields = ("title", "options", "gtin", "position")
    readonly_fields = ("title", "options", "gtin")
    show_change_link = True
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False


class ImageInline(admin.TabularInline[ProductImage, Product]):
    model = ProductImage
    extra = 0
    fields = ("position", "alt", "key", "state", "error")
    readonly_fields = ("key", "state", "error")
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        return False


@admin.register(Product)
class ProductAdmin(admin.ModelAdmin[Product]):
    """Found by slug, title, SKU, GTIN, brand or the stall's own key."""

    list_display = ("title", "slug", "category", "owner", "status", "updated_at")
    list_filter = ("status", "product_type")
    list_select_related = ("category", "owner")
    search_fields = ("slug", "title", "brand", "external_key", "variants__offers__sku", "variants__gtin")
    search_help_text = "Slug, title, brand, SKU or GTIN"
    autocomplete_fields = ("category", "product_type", "owner")
    readonly_fields = ("slug", "status", "attributes", "popularity", "created_at", "updated_at")
    show_full_result_count = False
    inlines = (VariantInline, ImageInline)
    actions = ("publish", "unpublish", "archive")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Stalls write their products."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Product | None = None) -> bool:
        """Orders and links name a product for ever: archive it instead."""
        return False

    def save_model(self, request: HttpRequest, obj: Product, form: "ModelForm[Product]", change: bool) -> None:
        obj.description = sanitised(obj.description)
        obj.updated_at = timezone.now()
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            facts.products_changed([obj.pk], now=obj.updated_at)

    @admin.action(description="Publish", permissions=["change"])
    def publish(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset.order_by("pk"):
            try:
                services.publish_product(product_id=product.pk, now=timezone.now())
            except AwningError as error:
                self.message_user(request, f"{product.title}: {error.message}", messages.ERROR)
            else:
                self.log_change(request, product, "Published")

    @admin.action(description="Take off the shelves", permissions=["change"])
    def unpublish(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset.order_by("pk"):
            services.unpublish_product(product_id=product.pk, now=timezone.now())
            self.log_change(request, product, "Taken off the shelves")

    @admin.action(description="Archive: take down for good", permissions=["change"])
    def archive(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        for product in queryset.order_by("pk"):
            services.archive_product(product_id=product.pk, now=timezone.now())
            self.log_change(request, product, "Archived")


@admin.register(ProductVariant)
class VariantAdmin(admin.ModelAdmin[ProductVariant]):
    """Versions of products, to look at; stalls change their own."""

    list_display = ("product", "title", "gtin")
    list_select_related = ("product",)
    search_fields = ("gtin", "product__title", "product__slug", "offers__sku")
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: ProductVariant | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: ProductVariant | None = None) -> bool:
        return False


@admin.register(Offer)
class OfferAdmin(admin.ModelAdmin[Offer]):
    """Offers by SKU; prices and stock belong to the stalls, so an operator can only pause or archive."""

    list_display = ("sku", "seller", "variant", "condition", "price_minor", "status", "in_stock")
    list_filter = ("status", "condition", "in_stock")
    list_select_related = ("seller", "variant__product")
    search_fields = ("sku", "variant__gtin", "seller__slug", "variant__product__title")
    show_full_result_count = False
    readonly_fields = (
        "seller", "variant", "sku", "condition", "note", "price_minor", "in_stock", "created_at", "updated_at",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Offer | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Offer, form: "ModelForm[Offer]", change: bool) -> None:
        services.update_offer(offer_id=obj.pk, status=obj.status, now=timezone.now())
