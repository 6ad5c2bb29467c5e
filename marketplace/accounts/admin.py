"""Accounts for operators."""

from allauth.account.models import EmailAddress
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.forms import ModelForm
from django.http import HttpRequest

from marketplace.accounts.models import Address, User
from marketplace.accounts.queries import user_tag
from marketplace.core import cache

RIGHTS = ["is_staff", "is_superuser", "groups", "user_permissions"]

# Addresses are changed with their person, under the person's rules; not in a list of their own.
admin.site.unregister(EmailAddress)


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
        ("Rights", {"fields": ["is_active", *RIGHTS]}),
        ("Dates", {"fields": ["date_joined", "last_login"]}),
    ]
    add_fieldsets = [(None, {"fields": ["email", "name", "usable_password", "password1", "password2"]})]

    def save_model(self, request: HttpRequest, obj: User, form: "ModelForm[User]", change: bool) -> None:
        """The header greets them by the new name at once."""
        super().save_model(request, obj, form, change)
        cache.touch(user_tag(obj.pk))

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> list[str]:
        """Rights are given by superusers alone: else whoever may change people could make themselves one."""
        fields = [*super().get_readonly_fields(request, obj)]
        return fields if _is_superuser(request) else [*fields, *RIGHTS]

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Who runs the hall is changed by their like: a new password or address would be a way to their rights."""
        if obj is not None and (obj.is_superuser or obj.is_staff) and not _is_superuser(request):
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: object, obj: object = None) -> bool:
        return False


def _is_superuser(request: HttpRequest) -> bool:
    return isinstance(request.user, User) and request.user.is_superuser


@admin.register(Address)
class AddressAdmin(admin.ModelAdmin[Address]):
    list_display = ["name", "city", "country", "user", "is_default"]
    list_select_related = ["user"]
    raw_id_fields = ["user"]
    search_fields = ["user__email", "name", "city"]
