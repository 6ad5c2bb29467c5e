"""Accounts for operators."""

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin

from marketplace.accounts.models import Address, User


class EmailInline(admin.TabularInline[EmailAddress, User]):
    model = EmailAddress
    extra = 0


@admin.register(User)
class PersonAdmin(UserAdmin[User]):
    """People, found by e-mail address or name. Deleting is left out: orders must keep their buyer."""

    ordering = ["-date_joined"]
    list_display = ["email", "name", "is_staff", "is_active", "date_joined", "last_login"]
    list_filter = ["is_staff", "is_superuser", "is_active"]
    search_fields = ["email", "name"]
    readonly_fields = ["date_joined", "last_login"]
    inlines = [EmailInline]
    fieldsets = [
        (None, {"fields": ["email", "name", "password"]}),
        ("Rights", {"fields": ["is_active", "is_staff", "is_superuser", "groups", "user_permissions"]}),
        ("Dates", {"fields": ["date_joined", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


@admin.register(Address)
class AddressAdmin(admin.ModelAdmin[Address]):
    list_display = ["name", "city", "country", "user", "is_default"]
    list_select_related = ["user"]
    raw_id_fields = ["user"]
    search_fields = ["user__email", "name", "city"]
