"""The addresses of the cart, below ``/cart/``."""

from django.urls import path

from marketplace.storefront import cart_views

urlpatterns = [
    path("", cart_views.show, name="cart"),
    path("add/", cart_views.add, name="cart_add"),
    path("lines/<int:offer_id>/", cart_views.set_quantity, name="cart_line"),
    path("lines/<int:offer_id>/remove/", cart_views.remove, name="cart_remove"),
    path("lines/<int:offer_id>/restore/", cart_views.restore, name="cart_restore"),
    path("lines/<int:offer_id>/accept/", cart_views.accept, name="cart_accept"),
]
