"""The choice of a country, for people who shop from abroad."""

from urllib.parse import parse_qsl, urlsplit

from marketplace.core.addresses import countries
from marketplace.core.page_parts import Choice, Hidden, Meta
from marketplace.storefront import links
from marketplace.storefront.country import PARAMETER
from marketplace.storefront.viewmodels import CountryPage


def country_page(back: str, *, chosen: str) -> CountryPage:
    """A form that goes back to ``back``, a path of this site, with the country added."""
    parts = urlsplit(back)
    kept = [(name, value) for name, value in parse_qsl(parts.query) if name != PARAMETER]
    return CountryPage(
        meta=Meta(title="Where should it go?", robots="noindex"),
        heading="Where should it go?",
        action=parts.path or links.HOME,
        countries=tuple(Choice(code, name, current=code == chosen) for code, name in countries()),
        hidden=tuple(Hidden(name, value) for name, value in kept),
        back_href=back,
    )
