from django.apps import AppConfig


class PricesConfig(AppConfig):
    name = "marketplace.prices"
    label = "prices"
