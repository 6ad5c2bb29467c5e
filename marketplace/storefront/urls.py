"""The storefront's addresses, the same ones that `links.py` writes."""

from django.urls import include, path

from marketplace.storefront import links, views


def _route(address: str) -> str:
    return address.removeprefix("/")


urlpatterns = [
    path("", views.home, name="home"),
    path(_route(links.SEARCH), views.search, name="search"),
    path(f"{_route(links.CATEGORY)}<slug:category>/", views.category, name="category"),
    path(f"{_route(links.CATEGORY)}<path:path>", views.category_path, name="category_path"),
    path(f"{_route(links.PRODUCT)}<slug:slug>/", views.product, name="product"),
    path(f"{_route(links.STALL)}<slug:slug>/", views.stall, name="stall"),
    path(_route(links.STALLS), views.stalls, name="stalls"),
    path(_route(links.DELIVER_TO), views.deliver_to, name="deliver_to"),
    path(_route(links.CART), include("marketplace.storefront.cart_urls")),
    path("favicon.ico", views.favicon, name="favicon"),
    path(_route(links.ROBOTS), views.robots, name="robots"),
    path(_route(links.SITEMAP), views.sitemap, name="sitemap"),
    path("sitemap-<int:number>.xml", views.sitemap, name="sitemap_part"),
    *(
        path(_route(address), views.text, {"page": page}, name=address.strip("/").replace("-", "_"))
        for address, page in views.TEXTS.items()
    ),
]
