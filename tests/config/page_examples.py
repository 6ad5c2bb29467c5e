"""One request or more for every address of the site, by the pattern that answers it: the scan of headers walks them all.

A pattern without an example fails the scan. Give a new page its line here: who asks (``nobody``, ``buyer``, ``seller``,
``operator``), how, for what, and which status comes back. ``{…}`` is filled in from the hall that the scan sets up.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from django.contrib import admin
from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True, slots=True)
class Example:
    """``status`` is what must come back, so that an example that goes stale is seen; 0 is any."""

    path: str
    status: int = 200
    who: str = "nobody"
    method: str = "GET"


def buyer(path: str, status: int = 200, method: str = "GET") -> Example:
    return Example(path, status, "buyer", method)


def seller(path: str, status: int = 200) -> Example:
    return Example(path, status, "seller")


def operator(path: str, status: int = 200, method: str = "GET") -> Example:
    return Example(path, status, "operator", method)


EXAMPLES: Mapping[str, tuple[Example, ...]] = {
    "": (Example("/"), buyer("/")),
    "search/": (Example("/search/?q=vase"), Example("/search/", 405, method="POST")),
    "c/<slug:category>/": (Example("/c/vases/"), Example("/c/nope/", 404)),
    "c/<path:path>": (Example("/c/vases/nope/", 404),),
    "p/<slug:slug>/": (Example("/p/tall-vase/"), Example("/p/gone/", 410), Example("/p/nope/", 404)),
    "stall/<slug:slug>/": (Example("/stall/kiln-street/"),),
    "stalls/": (Example("/stalls/"),),
    "deliver-to/": (Example("/deliver-to/"), Example("/deliver-to/", 405, method="POST")),
    "cart/": (Example("/cart/"), buyer("/cart/")),
    "cart/add/": (Example("/cart/add/", 405),),
    "cart/lines/<int:offer_id>/": (buyer("/cart/lines/{offer}/", 405),),
    "cart/lines/<int:offer_id>/remove/": (buyer("/cart/lines/{offer}/remove/", 405),),
    "cart/lines/<int:offer_id>/restore/": (buyer("/cart/lines/{offer}/restore/", 405),),
    "cart/lines/<int:offer_id>/accept/": (buyer("/cart/lines/{offer}/accept/", 405),),
    "favicon.ico": (Example("/favicon.ico", 302),),
    "robots.txt": (Example("/robots.txt"),),
    "sitemap.xml": (Example("/sitemap.xml"),),
    "sitemap-<int:number>.xml": (Example("/sitemap-7.xml", 404),),
    "buyer-protection/": (Example("/buyer-protection/"),),
    "help/": (Example("/help/"),),
    "selling/": (Example("/selling/"),),
    "account/": (buyer("/account/"), Example("/account/", 302)),
    "account/devices/": (buyer("/account/devices/"), Example("/account/devices/", 302)),
    "account/login/": (Example("/account/login/"),),
    "account/logout/": (buyer("/account/logout/"),),
    "account/inactive/": (Example("/account/inactive/"),),
    "account/signup/": (Example("/account/signup/"),),
    "account/reauthenticate/": (buyer("/account/reauthenticate/"),),
    "account/email/": (buyer("/account/email/"),),
    "account/confirm-email/": (Example("/account/confirm-email/"),),
    "account/^confirm-email/(?P<key>[-:\\w]+)/$": (Example("/account/confirm-email/nope/"),),
    "account/password/change/": (buyer("/account/password/change/"),),
    "account/password/set/": (buyer("/account/password/set/", 302),),
    "account/password/reset/": (Example("/account/password/reset/"),),
    "account/password/reset/done/": (Example("/account/password/reset/done/"),),
    "account/login/code/confirm/": (Example("/account/login/code/confirm/", 302),),
    "account/password/reset/key/done/": (Example("/account/password/reset/key/done/"),),
    "account/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": (
        Example("/account/password/reset/key/1-nope/"),
    ),
    "sell/": (seller("/sell/", 302), Example("/sell/", 302)),
    "sell/open/": (buyer("/sell/open/"),),
    "sell/<slug:stall>/today/": (seller("/sell/kiln-street/today/"), seller("/sell/kiln-street/today/?range=year")),
    "sell/<slug:stall>/orders/": (seller("/sell/kiln-street/orders/"),),
    "sell/<slug:stall>/orders/<str:number>/": (seller("/sell/kiln-street/orders/{order}/"),),
    "sell/<slug:stall>/jobs/": (seller("/sell/kiln-street/jobs/"),),
    "sell/<slug:stall>/products/": (seller("/sell/kiln-street/products/"),),
    "media/<path:path>": (Example("/media/scan/one.webp"), Example("/media/scan/nope.webp", 404)),
    "checkout/": (buyer("/checkout/"),),
    "checkout/address/": (buyer("/checkout/address/", 405),),
    "checkout/shipping/": (buyer("/checkout/shipping/"),),
    "checkout/return/": (buyer("/checkout/return/?order={group}"),),
    "checkout/payment/<str:number>/": (buyer("/checkout/payment/{group}/"), Example("/checkout/payment/{group}/", 404)),
    "checkout/payment/<str:number>/hosted/": (buyer("/checkout/payment/{group}/hosted/", 405),),
    "checkout/payment/<str:number>/card/": (buyer("/checkout/payment/{group}/card/", 405),),
    "checkout/payment/<str:number>/cancel/": (buyer("/checkout/payment/{group}/cancel/", 405),),
    "orders/": (buyer("/orders/"), Example("/orders/", 302)),
    "orders/<str:number>/": (buyer("/orders/{paid}/"),),
    "webhooks/stripe/": (Example("/webhooks/stripe/", 405), Example("/webhooks/stripe/", 400, method="POST")),
    "healthz": (Example("/healthz"),),
    "readyz": (Example("/readyz", 0),),
    "health/": (Example("/health/", 0),),
    "health/detailed/": (operator("/health/detailed/", 0), Example("/health/detailed/", 0)),
    "ops/": (operator("/ops/"), buyer("/ops/", 403), Example("/ops/", 302)),
    "ops/panels/": (operator("/ops/panels/"), buyer("/ops/panels/", 403), Example("/ops/panels/", 302)),
    "ops/do/<slug:name>/<str:target>/": (operator("/ops/do/alert-resolve/0/", 405),),
    "metrics": (Example("/metrics", 404),),
    "vitals/": (Example("/vitals/", 405),),
    "admin/": (operator("/admin/"), Example("/admin/", 302)),
    "admin/login/": (Example("/admin/login/", 302), buyer("/admin/login/", 403)),
    "admin/logout/": (operator("/admin/logout/", 405),),
    "admin/password_change/": (operator("/admin/password_change/"),),
    "admin/password_change/done/": (operator("/admin/password_change/done/"),),
    "admin/autocomplete/": (operator("/admin/autocomplete/", 403),),
    "admin/jsi18n/": (operator("/admin/jsi18n/"),),
    "admin/r/<path:content_type_id>/<path:object_id>/": (operator("/admin/r/0/0/", 404),),
    "admin/accounts/user/<id>/password/": (operator("/admin/accounts/user/{user}/password/"),),
    "admin/(?P<url>.*)$": (operator("/admin/nope/", 404),),
}
# Pages of the admin's models have one shape: (ending, what to ask for). "0" is an object that is not there.
_OF_MODELS = ("", "add/", "{pk}/history/", "{pk}/delete/", "{pk}/change/", "{pk}/")


def patterns(resolver: URLResolver | None = None, before: str = "") -> Iterator[str]:
    """Every pattern of the site, as it stands in the URL configurations."""
    for pattern in (resolver or get_resolver()).url_patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield here
        else:
            yield from patterns(pattern, here)


def examples(filled: Mapping[str, str]) -> dict[str, tuple[Example, ...]]:
    """The examples of each pattern, with the admin's worked out from its models."""
    found = dict(EXAMPLES) | _of_the_admin()
    return {
        pattern: tuple(Example(one.path.format(**filled), one.status, one.who, one.method) for one in several)
        for pattern, several in found.items()
    }


def _of_the_admin() -> dict[str, tuple[Example, ...]]:
    """Lists, forms and histories of all registered models; status 0 is any, as what may be added or deleted differs."""
    found: dict[str, tuple[Example, ...]] = {}
    for model in admin.site._registry:
        name = f"admin/{model._meta.app_label}/{model._meta.model_name}/"
        first = model._default_manager.first()
        pk = str(first.pk) if first is not None else "0"
        for ending in _OF_MODELS:
            pattern = name + ending.replace("{pk}", "<path:object_id>")
            found[pattern] = (operator(f"/{name}{ending.replace('{pk}', pk)}", 0),)
    labels = sorted({model._meta.app_label for model in admin.site._registry})
    index = next(pattern for pattern in patterns() if re.match(r"admin/\^\(\?P<app_label>", pattern))
    found[index] = tuple(operator(f"/admin/{label}/") for label in labels)
    return found
