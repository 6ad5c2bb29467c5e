"""Stored pictures: each key names a small and a large WebP file in the public storage."""

from django.core.files.storage import default_storage

from marketplace.core.page_parts import Picture

SMALL, LARGE = 480, 1200


def file_name(key: str, size: int) -> str:
    """The stored file of a picture at this size (pixels of its longer side)."""
    return f"{key}-{size}.webp"


def stored(key: str, *, width: int = LARGE, height: int = LARGE, alt: str = "", size: int = SMALL) -> Picture | None:
    """The picture of a key, or None when there is none. ``width`` and ``height`` are those of the large file.

    ``size`` is what ``src`` shows; the browser may choose the other from ``srcset``.
    """
    if not key:
        return None
    small, large = (default_storage.url(file_name(key, side)) for side in (SMALL, LARGE))
    scale = size / max(width, height, 1)
    return Picture(
        src=small if size == SMALL else large,
        width=round(width * scale) if size == SMALL else width,
        height=round(height * scale) if size == SMALL else height,
        alt=alt,
        srcset=f"{small} {SMALL}w, {large} {LARGE}w",
    )
