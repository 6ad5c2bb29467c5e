"""Sellers' HTML, made harmless before it is stored."""

import re

import nh3

TAGS = {
    "a", "b", "blockquote", "br", "caption", "code", "dd", "del", "div", "dl", "dt", "em", "h2", "h3", "h4", "hr", "i",
    "ins", "li", "ol", "p", "pre", "s", "small", "span", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th",
    "thead", "tr", "u", "ul",
}  # fmt: skip
_ANY_TAG = re.compile(r"<[a-zA-Z!/]")


def sanitised(html: str) -> str:
    """The text with only harmless tags: no style, script, picture or handler. Plain text becomes paragraphs.

    Applying it twice changes nothing more.
    """
    if not html:
        return ""
    if not _ANY_TAG.search(html):
        parts = (part.strip() for part in re.split(r"\n\s*\n", html))
        html = "\n".join(f"<p>{nh3.clean_text(part) if '<' in part else part}</p>" for part in parts if part)
    cleaned = nh3.clean(
        html,
        tags=TAGS,
        attributes={"a": {"href", "title"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )
    return cleaned.strip()
