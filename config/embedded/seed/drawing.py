"""The pictures of the demo: a small first view of everything before the hall opens, the rest while it is open."""

import hashlib
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from urllib.parse import urlsplit

from config.embedded.errors import EmbeddedError
from marketplace.core.pictures import SMALL
from marketplace.imports.demo.art import ArtSpec, jobs, render_all
from marketplace.imports.demo.catalogue import Catalogue

FOLDER = "demo"
# Stored picture keys with width and height, by product slug, or by variant sku for a variant's own.
Pictures = dict[str, list[tuple[str, int, int]]]


def media_root() -> Path:
    """Where the demo's public files lie. Raises EmbeddedError when they are not on this machine."""
    url = urlsplit(os.environ.get("PUBLIC_MEDIA_URL", ""))
    if url.scheme != "file":
        raise EmbeddedError(
            "the demo draws its pictures into files: leave PUBLIC_MEDIA_URL out, or set it to file:///…"
        )
    return Path(url.path)


def stem(spec: ArtSpec) -> str:
    """The name of a picture: what it is drawn from decides it, so that equal names are equal pictures."""
    return hashlib.sha256(repr(sorted(asdict(spec).items())).encode()).hexdigest()[:24]


def key(spec: ArtSpec, view: int) -> str:
    """The stored key of one view."""
    return f"{FOLDER}/{stem(spec)}-{view}"


def specs(hall: Catalogue) -> dict[str, ArtSpec]:
    """Every picture's spec by product slug, or by variant sku where a variant looks different; the popular first."""
    by_popularity = sorted(hall.products, key=lambda product: -product.popularity)
    found = {product.slug: product.art for product in by_popularity}
    for product in by_popularity:
        found |= {variant.sku: variant.art for variant in product.variants if variant.art}
    return found


def first_views(hall: Catalogue) -> Pictures:
    """Key, width and height of the small first view of everything."""
    return {name: [(key(spec, 0), SMALL, SMALL)] for name, spec in specs(hall).items()}


def draw_first_views(hall: Catalogue, *, processes: int) -> int:
    """Draws the small first views that are not there yet and returns how many pictures there are."""
    work = jobs(((stem(spec), spec) for spec in specs(hall).values()), views=(0,), sizes=(SMALL,))
    return sum(1 for _ in render_all(work, media_root() / FOLDER, processes=processes))


def start_drawing() -> "subprocess.Popen[bytes]":
    """Draws the first views in a process of its own, beside the writing of the rows."""
    return subprocess.Popen([sys.executable, "-m", "config.embedded.seed.drawing"])


if __name__ == "__main__":
    from config.embedded.seed.hall import demo_hall

    draw_first_views(demo_hall(), processes=max(1, min(4, os.cpu_count() or 1)))
