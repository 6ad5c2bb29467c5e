from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.test import Client


@pytest.fixture
def stored() -> Path:
    """A picture, and beside it something that is nobody's business."""
    storage = storages["default"]
    for name in ("tests/one-480.webp", "tests/notes.txt"):
        if not storage.exists(name):
            storage.save(name, ContentFile(b"RIFF....WEBP"))
    return Path(storage.path("tests/one-480.webp"))


def test_a_picture_may_be_kept_for_ever(stored: Path) -> None:
    answer = Client().get("/media/tests/one-480.webp")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "image/webp"
    assert "immutable" in answer["Cache-Control"]
    assert b"".join(answer.streaming_content) == stored.read_bytes()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "path",
    [
        "tests/notes.txt",
        "tests/",
        "tests/two-480.webp",
        "../manage.webp",
        "%2e%2e/%2e%2e/secret.webp",
        "/etc/x.webp",
        "a" * 300 + ".webp",
        "%D9%A3" * 150 + ".webp",
        "a%00b.webp",
    ],
)
def test_nothing_else_is_given_out(stored: Path, path: str) -> None:
    assert Client().get(f"/media/{path}").status_code == 404


def test_nobody_writes_there(stored: Path) -> None:
    assert Client().post("/media/tests/one-480.webp").status_code == 405
