from django.contrib.admin.apps import AdminConfig


class AdminSite(AdminConfig):
    """Django's own admin; sign-in goes through the hall's sign-in page, so that one set of limits guards it."""

    default_site = "config.admin.AwningAdmin"
