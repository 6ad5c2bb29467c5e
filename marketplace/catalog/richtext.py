"""Sellers' HTML, made harmless before it is stored."""

import re

import nh3

TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h2", "h3", "h4", "hr", "i",
    "ins", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u", "ul",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}
SCHEMES = {"http", "https", "mailto"}
MAX_LENGTH = 50_000
_ANY_TAG = re.compile(r"<[a-zA-Z!/]")


def sanitised(html: str) -> str:
    """The text with only harmless tags: no style, script, picture, form or handler. Plain text becomes paragraphs.

    Applying it twice changes nothing more.
    """
    # PostgreSQL refuses the NUL character in text.
    html = html.replace("\x00", "").strip()
    if html and not _ANY_TAG.search(html):
        parts = (part.strip() for part in re.split(r"\n\s*\n", html))
        html = "\n".join(f"<p>{part.replace('<', '&lt;')}</p>" for part in parts if part)
    return nh3.clean(
        html, tags=TAGS, attributes=ATTRIBUTES, url_schemes=SCHEMES, link_rel="nofollow noopener ugc"
    ).strip()


def plain(html: str, *, limit: int = 300) -> str:
    """The words of sanitised HTML in one line, at most ``limit`` characters, cut at a word."""
    spaced = re.sub(r"<[^>]*>", " ", html)
    for entity, letter in (
        ("&nbsp;", " "),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", '"'),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ):
        spaced = spaced.replace(entity, letter)
    text = re.sub(r" ([.,;:!?])", r"\1", " ".join(spaced.split()))
    if len(text) <= limit:
        return text
    return text[: limit - 1].rsplit(" ", 1)[0].rstrip(" ,;:.") + "…"
