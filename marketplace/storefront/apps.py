from django.apps import AppConfig


class StorefrontConfig(AppConfig):
    name = "marketplace.storefront"
    label = "storefront"

    def ready(self) -> None:
        from django.contrib.auth.signals import user_logged_in

        from marketplace.storefront.guest_cart import merge_at_sign_in

        user_logged_in.connect(merge_at_sign_in, dispatch_uid="storefront.merge_carts")
