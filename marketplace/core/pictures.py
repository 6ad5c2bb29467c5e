"""Stored pictures: each key names a small and a large WebP file in the public storage."""

from functools import lru_cache

from django.core.files.storage import default_storage

from marketplace.core.page_parts import Picture

# Pixels of the longer side.
SMALL, LARGE = 480, 1200


def file_name(key: str, size: int) -> str:
    """The stored file of a picture at this size."""
    return f"{key}-{size}.webp"


def picture(key: str, width: int, height: int, *, alt: str = "", large: bool = False) -> Picture | None:
    """A stored picture; None without a key. ``width`` and ``height`` are those of the larger file.

    The browser chooses between both files, unless the picture is no larger than the small one.
    """
    if not key:
        return None
    long_edge = max(width, height, 1)
    both = long_edge > SMALL
    scale = 1.0 if large or not both else SMALL / long_edge
    small, big = (_media() + file_name(key, size) for size in (SMALL, LARGE))
    small_width = max(1, round(width * min(1, SMALL / long_edge)))
    return Picture(
        src=big if large and both else small,
        width=max(1, round(width * scale)),
        height=max(1, round(height * scale)),
        alt=alt,
        srcset=f"{small} {small_width}w, {big} {max(1, width)}w" if both else "",
    )


def thumbnail(key: str) -> Picture | None:
    """The small file alone, for a square thumb whose shape is the page's; None without a key."""
    return Picture(src=_media() + file_name(key, SMALL), width=SMALL, height=SMALL) if key else None


@lru_cache(maxsize=1)
def _media() -> str:
    """What stands before every key in a public address; asking the storage for each picture would cost more."""
    return default_storage.url("-").removesuffix("-")
