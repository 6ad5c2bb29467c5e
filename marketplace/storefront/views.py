"""HTTP of the storefront's public pages: read the address, build the page, render. Nothing is decided here."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from marketplace.catalog import queries as catalog
from marketplace.catalog.errors import Gone
from marketplace.catalog.models import Offer
from marketplace.core.errors import NotFound
from marketplace.storefront import crawlers, links, whole_pages
from marketplace.storefront.country import chosen_country, remember_country
from marketplace.storefront.list_query import PARAMETERS as LIST_PARAMETERS
from marketplace.storefront.list_query import read
from marketplace.storefront.pages.deliver_to import country_page
from marketplace.storefront.pages.history import DEFAULT_RANGE, RANGES
from marketplace.storefront.pages.home import home_page, stalls_page
from marketplace.storefront.pages.offering import Wish
from marketplace.storefront.pages.product import product_page
from marketplace.storefront.pages.results import category_page, search_page
from marketplace.storefront.pages.stall import stall_page
from marketplace.storefront.pages.texts import buyer_protection, help_page, selling
from marketplace.storefront.viewmodels import TextPage
from monitoring.limits.decorator import limit

P = ParamSpec("P")
View: TypeAlias = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

_MAX_ID = 2**63 - 1
_MAX_STALL_PAGE = 200
# Parameters that narrow nothing, and how many others are an ordinary list.
_FREE = ("q", "sort", "page")
_MOST_FILTERS = 12


def public(*parameters: str, facets: bool = False) -> Callable[[View[P]], View[P]]:
    """GET and HEAD only, of a page that is the same for everybody but for its slots (whole_pages.py).

    ``parameters`` are all that it reads of the address beside its path, ``facets`` those of a list too; with others it is
    rendered for its reader alone.
    """

    def decorated(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            def rendered(asked: HttpRequest) -> HttpResponseBase:
                try:
                    return view(asked, *args, **kwargs)
                except Gone:
                    return HttpResponse(render_to_string("errors/410.html", {"request_id": ""}), status=410)
                except NotFound as error:
                    raise Http404(error.message) from error

            known = frozenset(parameters)
            if facets and request.GET:
                known |= LIST_PARAMETERS | catalog.facet_attributes().keys()
            return whole_pages.answer(request, rendered, parameters=known)

        return require_safe(answer)

    return decorated


@public()
def home(request: HttpRequest) -> HttpResponse:
    """The front page."""
    return render(request, "storefront/home.html", {"page": home_page()})


def _many_filters(request: HttpRequest) -> bool:
    """Whether a list is narrowed by more than people choose: counting its facets takes long, and crawlers try them all."""
    return sum(len(values) for name, values in request.GET.lists() if name not in _FREE) > _MOST_FILTERS


@limit("expensive", when=_many_filters)
@public(facets=True)
def search(request: HttpRequest) -> HttpResponse:
    """Results; an article number opens its product."""
    query = read(request.GET, catalog.facet_attributes())
    if query.text and not query.narrowed and query.page == 1 and (slug := catalog.exact_product(query.text)):
        return redirect(links.product(slug))
    return render(request, "storefront/search.html", {"page": search_page(query)})


@limit("expensive", when=_many_filters)
@public(facets=True)
def category(request: HttpRequest, category: str) -> HttpResponse:
    """A shelf."""
    query = read(request.GET, catalog.facet_attributes())
    return render(request, "storefront/category.html", {"page": category_page(category, query)})


@public()
def category_path(request: HttpRequest, path: str) -> HttpResponse:
    """A shelf under its path from the root: it has one address, by its own slug."""
    slug = path.rstrip("/").rpartition("/")[2]
    shelf = catalog.shelves().by_slug.get(slug)
    if shelf is None or shelf.path != path.rstrip("/"):
        raise NotFound("There is no such category.")
    return redirect(links.category(slug), permanent=True)


@public("variant", "condition", "range")
def product(request: HttpRequest, slug: str) -> HttpResponse:
    """A product; ``?variant=`` and ``?condition=`` choose an offer, ``?ship_to=`` the country, ``?range=`` the chart."""
    asked = request.GET.get("condition", "")
    wish = Wish(
        variant_id=_id(request.GET.get("variant", "")),
        condition=asked if asked in Offer.Condition.values else "",
        country=chosen_country(request),
    )
    asked = request.GET.get("range", "")
    span = asked if asked in RANGES else DEFAULT_RANGE
    page = product_page(slug, wish, now=timezone.now(), span=span)
    response = render(request, "storefront/product.html", {"page": page})
    remember_country(request, response)
    return response


@limit("expensive", when=_many_filters)
@public(facets=True)
def stall(request: HttpRequest, slug: str) -> HttpResponse:
    """A seller's stall."""
    query = read(request.GET, catalog.facet_attributes())
    return render(request, "storefront/stall.html", {"page": stall_page(slug, query)})


@public("page")
def stalls(request: HttpRequest) -> HttpResponse:
    """Everybody who sells here."""
    page = min(_id(request.GET.get("page", "")) or 1, _MAX_STALL_PAGE)
    return render(request, "storefront/stalls.html", {"page": stalls_page(page)})


@public()
def deliver_to(request: HttpRequest) -> HttpResponse:
    """Asks for the country and goes back to ``next``."""
    back = request.GET.get("next", "")
    if not back.startswith("/") or not url_has_allowed_host_and_scheme(back, None):
        back = links.HOME
    page = country_page(back, chosen=chosen_country(request))
    return render(request, "storefront/deliver_to.html", {"page": page})


@public()
def text(request: HttpRequest, page: Callable[[], TextPage]) -> HttpResponse:
    """A page of plain text."""
    return render(request, "storefront/text.html", {"page": page()})


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """What robots may read."""
    return HttpResponse(crawlers.robots(), content_type="text/plain; charset=utf-8")


@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """For those who ask before they have read a page, and for pages that are not ours."""
    return redirect(static("favicon.svg"))


@require_safe
def sitemap(request: HttpRequest, number: int | None = None) -> StreamingHttpResponse:
    """Addresses of everything that can be bought."""
    lines = crawlers.sitemap(number)
    if lines is None:
        raise Http404
    return StreamingHttpResponse(lines, content_type="application/xml; charset=utf-8")


def _id(typed: str) -> int | None:
    """A key as typed into an address; None for anything that cannot be one."""
    number = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 20 else 0
    return number if 0 < number <= _MAX_ID else None


TEXTS: dict[str, Callable[[], TextPage]] = {
    links.PROTECTION: buyer_protection,
    links.HELP: help_page,
    links.SELLING: selling,
}
