from django.apps import AppConfig


class PricesConfig(AppConfig):
    name = "marketplace.prices"
    label = "prices"

    def ready(self) -> None:
        from marketplace.core import events, partitions
        from marketplace.prices import services, tasks

        partitions.register(services.TABLE)
        events.subscribe(services.RECORDED, "prices.roll_up", tasks.recorded)
