"""Reads pages: what stands where, without a browser."""

import json
import re
from html import unescape
from typing import Any

from django.http import HttpResponseBase


def html(response: object) -> str:
    """The page, which must be a page."""
    assert isinstance(response, HttpResponseBase)
    assert response.status_code == 200, response.status_code
    return unescape(response.content.decode())  # type: ignore[attr-defined]


def text(response: object) -> str:
    """The words of the page in one line."""
    page = re.sub(r"<(script|style|svg|head)\b.*?</\1>", " ", html(response), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def cards(response: object) -> list[str]:
    """Titles of the cards of the list, in order."""
    found = re.search(r'id="cards".*', html(response), flags=re.S)
    return re.findall(r'class="card-title"><a href="[^"]*">([^<]*)', found[0]) if found else []


def meta(response: object) -> dict[str, str]:
    """Robots and canonical address of the page."""
    page = html(response)
    robots = re.search(r'<meta name="robots" content="([^"]*)"', page)
    canonical = re.search(r'<link rel="canonical" href="([^"]*)"', page)
    return {"robots": robots[1] if robots else "", "canonical": canonical[1] if canonical else ""}


def structured(response: object) -> dict[str, Any]:
    """The page's data for search engines."""
    page = response.content.decode()  # type: ignore[attr-defined]
    found = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, flags=re.S)
    assert found
    data: dict[str, Any] = json.loads(found[1])
    return data


def option(response: object, name: str, value: str) -> dict[str, object]:
    """A checkbox of the filter panel: its count, and whether it is checked or disabled."""
    page = html(response)
    found = re.search(
        rf'<label[^>]*><input type="checkbox"[^>]*name="{name}" value="{value}"([^>]*)>(.*?)</label>', page
    )
    assert found, (name, value)
    count = re.search(r'class="count">([^<]*)', found[2])
    return {
        "count": count[1] if count else "",
        "checked": " checked" in found[1],
        "disabled": " disabled" in found[1],
    }
