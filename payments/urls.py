"""The addresses of checkout, orders and the provider's reports."""

from django.urls import path

from payments.views import checkout, orders, payment, webhooks

urlpatterns = [
    path("checkout/", checkout.start, name="checkout"),
    path("checkout/address/", checkout.save_address, name="checkout_address"),
    path("checkout/shipping/", checkout.shipping, name="checkout_shipping"),
    path("checkout/return/", payment.come_back, name="checkout_return"),
    path("checkout/payment/<str:number>/", payment.show, name="checkout_payment"),
    path("checkout/payment/<str:number>/hosted/", payment.hosted, name="checkout_hosted"),
    path("checkout/payment/<str:number>/card/", payment.card, name="checkout_card"),
    path("checkout/payment/<str:number>/cancel/", payment.cancel, name="checkout_cancel"),
    path("orders/", orders.listing, name="orders"),
    path("orders/<str:number>/", orders.detail, name="order"),
    path("webhooks/stripe/", webhooks.stripe, name="stripe_webhook"),
]
