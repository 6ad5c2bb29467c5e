"""Finds what a strict Content-Security-Policy would not run: inline scripts, styles and event handlers without a nonce."""

import re
from html.parser import HTMLParser


class _Reader(HTMLParser):
    def __init__(self, nonce: str) -> None:
        super().__init__()
        self.nonce, self.found = nonce, list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        trusted = bool(self.nonce) and given.get("nonce") == self.nonce
        data = tag == "script" and given.get("type", "") in ("application/json", "application/ld+json")
        if tag == "style" or (tag == "script" and "src" not in given and not data):
            self.found += [] if trusted else [f"<{tag}> without a nonce"]
        for name, value in given.items():
            if name == "style" or name.startswith("on"):
                self.found.append(f"{tag} {name}=…")
            if name in ("href", "src", "action", "formaction") and re.match(r"\s*(javascript|vbscript):", value, re.I):
                self.found.append(f"{tag} {name}={value[:20]}")


def inline_code(html: str, policy: str) -> list[str]:
    """What the page holds inline that its own policy does not let run."""
    match = re.search(r"'nonce-([^']+)'", policy)
    reader = _Reader(match[1] if match else "")
    reader.feed(html)
    reader.close()
    return reader.found
