"""Pictures from elsewhere: claimed, fetched, checked, re-encoded and stored, or given up with a reason.

A picture's row is the queue. A claim is a lease, fenced by the number of attempts; nothing is fetched inside a transaction.
"""

import hashlib
import io
import logging
from dataclasses import dataclass
from datetime import datetime

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.db import connection
from django.db.models import QuerySet
from PIL import Image, ImageOps

from marketplace.catalog import facts
from marketplace.catalog.models import ProductImage
from marketplace.core import cache
from marketplace.core.errors import AwningError
from marketplace.core.leases import backoff, expiry
from marketplace.imports.fetching import BadAnswer, Door

logger = logging.getLogger(__name__)

MAX_PIXELS = 25_000_000
MIN_SIDE = 16
WIDTHS = (1200, 480)
FORMATS = ("JPEG", "PNG", "WEBP", "GIF")
QUALITY = 82
MAX_ATTEMPTS = 6
LEASE_SECONDS = 60  # the fetch takes 10 at most, the rest is for decoding 25 megapixels on a busy machine

_CLAIM = """
UPDATE catalog_productimage SET attempts = attempts + 1, locked_until = %s
WHERE id = (
    SELECT id FROM catalog_productimage
    WHERE state = 'pending' AND due_at <= %s AND source_url <> '' AND attempts < %s
      AND (locked_until IS NULL OR locked_until < %s)
    ORDER BY due_at, id LIMIT 1 FOR UPDATE SKIP LOCKED
)
RETURNING id, source_url, attempts, product_id
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """One picture to fetch; `attempts` is the fence against a worker that comes back late."""

    pk: int
    url: str
    attempts: int
    product_id: int


@dataclass(frozen=True, slots=True)
class Encoded:
    """The stored files by name, and the size in pixels of the larger one."""

    key: str
    files: tuple[tuple[str, bytes], ...]
    width: int
    height: int


def claim(*, now: datetime) -> Claim | None:
    """Takes the picture that has been due longest; None when there is nothing to do."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [expiry(now, seconds=LEASE_SECONDS), now, MAX_ATTEMPTS, now])
        row = cursor.fetchone()
    return Claim(*row) if row else None


def bury(*, now: datetime) -> int:
    """Gives up pictures whose worker died at every attempt; returns how many."""
    spent = ProductImage.objects.filter(
        state=ProductImage.State.PENDING, attempts__gte=MAX_ATTEMPTS, locked_until__lt=now
    )
    return spent.update(
        state=ProductImage.State.FAILED, locked_until=None, error="Every attempt ended without an answer."
    )


def fetch_one(*, now: datetime, door: Door, storage: Storage = default_storage) -> bool:
    """Claims and finishes one picture; False when none was due."""
    claimed = claim(now=now)
    if claimed is None:
        return False
    try:
        encoded = encode(door.fetch(claimed.url))
        _store(encoded, storage)
    except AwningError as error:
        _fail(claimed, error.message, now=now, final=error.permanent)
    except OSError as error:
        _fail(claimed, f"The picture could not be stored: {error}", now=now, final=False)
    else:
        _mine(claimed).update(
            state=ProductImage.State.READY,
            key=encoded.key,
            width=encoded.width,
            height=encoded.height,
            locked_until=None,
            error="",
        )
        cache.touch(facts.tag(claimed.product_id))
    return True


def encode(data: bytes) -> Encoded:
    """A picture as WebP at most 1200 and 480 pixels wide or high, without metadata. Raises BadAnswer."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as opened:
            _check_size(opened.size)
            opened.draft("RGB", (WIDTHS[0], WIDTHS[0]))
            picture = ImageOps.exif_transpose(opened)
            picture = picture.convert("RGBA" if "A" in picture.getbands() or "transparency" in picture.info else "RGB")
    except BadAnswer:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise BadAnswer(_TOO_LARGE) from error
    except Exception as error:
        # Bytes made by strangers: Pillow's readers raise whatever they stumble over, also struct.error and TypeError.
        raise BadAnswer("The file is no JPEG, PNG, WebP or GIF picture, or it is damaged.") from error
    digest = hashlib.sha256(data).hexdigest()[:40]
    key = f"products/{digest[:2]}/{digest}"
    files = []
    picture.thumbnail((WIDTHS[0], WIDTHS[0]), Image.Resampling.LANCZOS)
    size = picture.size
    for width in WIDTHS:
        picture.thumbnail((width, width), Image.Resampling.LANCZOS)
        out = io.BytesIO()
        picture.save(out, "WEBP", quality=QUALITY, method=4)
        files.append((f"{key}-{width}.webp", out.getvalue()))
    return Encoded(key, tuple(files), *size)


_TOO_LARGE = f"The picture has more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller."


def _check_size(size: tuple[int, int]) -> None:
    """Before a single pixel is decoded."""
    if size[0] * size[1] > MAX_PIXELS:
        raise BadAnswer(_TOO_LARGE)
    if min(size) < MIN_SIDE:
        raise BadAnswer(f"The picture is smaller than {MIN_SIDE} pixels: give a larger one.")


def _store(encoded: Encoded, storage: Storage) -> None:
    """Names come from the content, so a file of the right size is the right file; half a file is written anew."""
    for name, data in encoded.files:
        if storage.exists(name):
            if storage.size(name) == len(data):
                continue
            storage.delete(name)
        storage.save(name, ContentFile(data))


def _fail(claimed: Claim, message: str, *, now: datetime, final: bool) -> None:
    given_up = final or claimed.attempts >= MAX_ATTEMPTS
    logger.warning("imports.picture_failed", extra={"image_id": claimed.pk, "given_up": given_up})
    _mine(claimed).update(
        state=ProductImage.State.FAILED if given_up else ProductImage.State.PENDING,
        due_at=now + backoff(claimed.attempts, base=30.0, ceiling=6 * 3600.0),
        locked_until=None,
        error=message[:300],
    )


def _mine(claimed: Claim) -> "QuerySet[ProductImage]":
    """The row while nobody has claimed it since."""
    return ProductImage.objects.filter(
        pk=claimed.pk, attempts=claimed.attempts, state=ProductImage.State.PENDING, source_url=claimed.url
    )
