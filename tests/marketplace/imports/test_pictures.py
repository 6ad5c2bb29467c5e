import io
import struct
import zlib
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.storage import FileSystemStorage
from PIL import Image

from marketplace.catalog.models import ProductImage
from marketplace.imports import pictures
from marketplace.imports.fetching import BadAnswer, Door, HostUnavailable
from marketplace.sellers.models import Seller
from tests import factories
from tests.marketplace.imports.files import NOW


class Shelf(Door):
    """A door behind which pictures stand ready."""

    answers: dict[str, bytes | Exception] = {}
    asked: list[str] = []

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        answer = self.answers[url]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture
def door() -> Shelf:
    Shelf.answers, Shelf.asked = {}, []
    return Shelf()


@pytest.fixture
def storage(tmp_path: Path) -> FileSystemStorage:
    return FileSystemStorage(location=tmp_path)


def a_picture(size: tuple[int, int] = (1600, 800), mode: str = "RGB", kind: str = "JPEG", **given: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (0, 128, 128, 90) if mode == "RGBA" else "teal").save(out, kind, **given)
    return out.getvalue()


def noted(seller: Seller, url: str = "https://x.example/1.jpg", **fields: object) -> ProductImage:
    product = factories.a_product(owner=seller)
    values = {"state": "pending", "source_url": url, "due_at": NOW} | fields
    return ProductImage.objects.create(product=product, **values)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "RGB"), ("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "P"), ("WEBP", "RGB"), ("GIF", "P")],
)
def test_every_kind_of_picture_becomes_two_webp_files(kind: str, mode: str) -> None:
    encoded = pictures.encode(a_picture(mode=mode, kind=kind))
    assert (encoded.width, encoded.height) == (1200, 600)
    for (name, data), width in zip(encoded.files, (1200, 480), strict=True):
        assert name == f"{encoded.key}-{width}.webp"
        with Image.open(io.BytesIO(data)) as opened:
            assert (opened.format, opened.width) == ("WEBP", width)
            assert opened.mode == ("RGBA" if mode == "RGBA" else "RGB")


def test_small_pictures_are_not_blown_up_and_tall_ones_fit() -> None:
    assert pictures.encode(a_picture((300, 200))).width == 300
    tall = pictures.encode(a_picture((500, 2500)))
    assert (tall.width, tall.height) == (240, 1200)


@pytest.mark.parametrize("tag", [0x0100, 0x0154, 0x011A])
def test_metadata_that_trips_the_reader_is_a_reason_and_no_crash(tag: int) -> None:
    """The description stands under the number of a tag that holds numbers."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "hello"
    picture = a_picture((40, 40), exif=exif).replace(b"\x01\x0e\x00\x02", struct.pack(">HH", tag, 2))
    with pytest.raises(BadAnswer):
        pictures.encode(picture)


def test_metadata_is_dropped_and_the_orientation_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "where I live"
    encoded = pictures.encode(a_picture((1000, 500), exif=exif))
    assert (encoded.width, encoded.height) == (500, 1000)
    assert all(b"where I live" not in data for _, data in encoded.files)


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("size", [(5001, 5000), (10_000, 10_000), (20_000, 20_000), (65_000, 65_000)])
def test_too_many_pixels_are_refused_before_decoding(size: tuple[int, int]) -> None:
    with pytest.raises(BadAnswer, match="more than 25 megapixels"):
        pictures.encode(png_header(*size))


@pytest.mark.parametrize("data", [b"", b"<html>", b"%PDF-1.4", b"GIF89a", a_picture()[:500], png_header(100, 100), b"<svg/>",
                                  a_picture(kind="BMP"), a_picture(kind="TIFF"), a_picture((10, 10))])  # fmt: skip
def test_what_is_no_picture_we_take_is_refused(data: bytes) -> None:
    with pytest.raises(BadAnswer):
        pictures.encode(data)


@pytest.mark.django_db
def test_a_noted_picture_is_fetched_and_stored(kiln: Seller, door: Shelf, storage: FileSystemStorage) -> None:
    image = noted(kiln)
    door.answers[image.source_url] = a_picture()
    assert pictures.fetch_one(now=NOW, door=door, storage=storage)
    image.refresh_from_db()
    assert (image.state, image.width, image.height, image.attempts, image.error) == ("ready", 1200, 600, 1, "")
    assert image.locked_until is None
    assert storage.exists(f"{image.key}-1200.webp")
    assert storage.exists(f"{image.key}-480.webp")
    assert not pictures.fetch_one(now=NOW, door=door, storage=storage)


@pytest.mark.django_db
def test_half_a_file_of_a_crash_is_written_anew(kiln: Seller, door: Shelf, storage: FileSystemStorage) -> None:
    image = noted(kiln)
    encoded = pictures.encode(a_picture())
    path = Path(storage.path(encoded.files[0][0]))
    path.parent.mkdir(parents=True)
    path.write_bytes(encoded.files[0][1][:50])
    door.answers[image.source_url] = a_picture()
    pictures.fetch_one(now=NOW, door=door, storage=storage)
    assert path.read_bytes() == encoded.files[0][1]


@pytest.mark.django_db
def test_a_passing_failure_is_tried_again_later_and_given_up_at_last(
    kiln: Seller, door: Shelf, storage: FileSystemStorage
) -> None:
    image = noted(kiln)
    door.answers[image.source_url] = HostUnavailable("The host answered 503.")
    at: datetime = NOW
    for attempt in range(1, pictures.MAX_ATTEMPTS + 1):
        assert pictures.fetch_one(now=at, door=door, storage=storage)
        image.refresh_from_db()
        assert image.attempts == attempt
        assert image.error == "The host answered 503."
        if attempt < pictures.MAX_ATTEMPTS:
            assert image.state == "pending"
            assert image.due_at is not None
            assert image.due_at > at
            assert not pictures.fetch_one(now=at, door=door, storage=storage)
        at = image.due_at or at
    assert image.state == "failed"
    assert not pictures.fetch_one(now=at + timedelta(days=9), door=door, storage=storage)


@pytest.mark.django_db
def test_a_final_failure_is_not_tried_again(kiln: Seller, door: Shelf, storage: FileSystemStorage) -> None:
    image = noted(kiln)
    door.answers[image.source_url] = b"<html>"
    pictures.fetch_one(now=NOW, door=door, storage=storage)
    image.refresh_from_db()
    assert (image.state, image.attempts) == ("failed", 1)
    assert "no JPEG, PNG" in image.error


@pytest.mark.django_db
def test_a_claim_is_a_lease_and_a_fence(kiln: Seller, door: Shelf, storage: FileSystemStorage) -> None:
    image = noted(kiln)
    first = pictures.claim(now=NOW)
    assert first is not None
    assert pictures.claim(now=NOW + timedelta(seconds=59)) is None
    second = pictures.claim(now=NOW + timedelta(seconds=61))
    assert second is not None
    assert second.attempts == 2
    pictures._fail(first, "late", now=NOW, final=True)
    image.refresh_from_db()
    assert (image.state, image.error) == ("pending", "")


@pytest.mark.django_db
def test_a_picture_that_kills_its_worker_is_buried(kiln: Seller) -> None:
    image = noted(kiln, attempts=pictures.MAX_ATTEMPTS, locked_until=NOW)
    assert pictures.claim(now=NOW + timedelta(hours=1)) is None
    assert pictures.bury(now=NOW + timedelta(hours=1)) == 1
    image.refresh_from_db()
    assert image.state == "failed"


@pytest.mark.django_db
def test_pictures_without_an_address_or_not_yet_due_are_left_alone(kiln: Seller) -> None:
    noted(kiln, url="")
    noted(kiln, due_at=NOW + timedelta(minutes=1))
    noted(kiln, state="ready")
    assert pictures.claim(now=NOW) is None
