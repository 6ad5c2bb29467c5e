from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "marketplace.accounts"
    label = "accounts"

    def ready(self) -> None:
        from monitoring.metrics import forms

        forms.watch("account/signup/", "signup")
