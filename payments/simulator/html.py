"""HTML for the hosted pages: templates in files, every value escaped."""

from html import escape
from pathlib import Path
from string import Template
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from payments.simulator.shapes import Answer, html_answer

_ASSETS = Path(__file__).parent / "assets"
_POLICY = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'"


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def fill(template: str, **values: str) -> Markup:
    """A template file with its values, escaped unless they are markup."""
    safe = {name: value if isinstance(value, Markup) else escape(value) for name, value in values.items()}
    return Markup(Template((_ASSETS / template).read_text(encoding="utf-8")).substitute(safe))


def page(title: str, body: Markup, *, status: int = 200, framed: bool = False) -> Answer:
    """A whole page; only a framed one may be embedded."""
    policy = _POLICY if framed else f"{_POLICY}; frame-ancestors 'none'"
    return html_answer(
        fill("page.html", title=title, body=body),
        status=status,
        headers={"Content-Security-Policy": policy, "Cache-Control": "no-store"},
    )


def message_page(title: str, text: str, *, status: int = 200) -> Answer:
    """A page that says one thing."""
    return page(title, fill("message.html", title=title, text=text), status=status)


def with_query(url: str, **values: str) -> str:
    """The URL with more query parameters."""
    parts = urlsplit(url)
    query = [*parse_qsl(parts.query, keep_blank_values=True), *values.items()]
    return urlunsplit(parts._replace(query=urlencode(query)))
