from django.apps import AppConfig


class CartsConfig(AppConfig):
    name = "marketplace.carts"
    label = "carts"
