from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "marketplace.catalog"
    label = "catalog"

    def ready(self) -> None:
        from marketplace.catalog import facts, tasks
        from marketplace.core import events
        from marketplace.sellers.services import STATUS_CHANGED

        events.subscribe(facts.PRODUCTS_CHANGED, "catalog.reindex", tasks.products_changed)
        events.subscribe(facts.AVAILABILITY_CHANGED, "catalog.reindex_stock", tasks.products_changed)
        events.subscribe(facts.SHELVES_CHANGED, "catalog.reindex_shelf", tasks.shelves_changed)
        events.subscribe(STATUS_CHANGED, "catalog.reindex_stall", tasks.seller_changed)
