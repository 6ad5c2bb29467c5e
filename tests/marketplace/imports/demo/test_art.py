"""The pictures: the same every time in any process, all different, and never empty."""

import hashlib
import subprocess
import sys
from datetime import date
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from marketplace.imports.demo.art import ArtSpec, draw, jobs, render_all, webp
from marketplace.imports.demo.catalogue import Product, catalogue

SMALL = 64
ROOT = Path(__file__).parents[4]


@lru_cache(maxsize=1)
def goods() -> tuple[Product, ...]:
    return catalogue(today=date(2026, 11, 22)).products


@lru_cache(maxsize=1)
def small_pictures() -> tuple[NDArray[np.float32], ...]:
    return tuple(np.asarray(draw(product.art, 0, SMALL), dtype=np.float32) for product in goods())


def one_of_each_design() -> list[ArtSpec]:
    found: dict[tuple[str, str], ArtSpec] = {}
    for product in goods():
        found.setdefault((product.art.family, product.art.design), product.art)
    return list(found.values())


def digest(spec: ArtSpec) -> str:
    return hashlib.sha256(webp(spec, 0, 128)).hexdigest()


CHILD = """
import hashlib, sys
from datetime import date
from marketplace.imports.demo.art import webp
from marketplace.imports.demo.catalogue import catalogue
products = {product.slug: product for product in catalogue(today=date(2026, 11, 22)).products}
for slug in reversed(sys.argv[1:]):
    print(slug, hashlib.sha256(webp(products[slug].art, 0, 128)).hexdigest())
"""


def test_another_process_draws_the_same_bytes_in_any_order() -> None:
    first_of_family = {product.art.family: product for product in reversed(goods())}
    mine = {product.slug: digest(product.art) for product in first_of_family.values()}
    answer = subprocess.run(
        [sys.executable, "-c", CHILD, *mine], capture_output=True, text=True, check=True, cwd=ROOT, timeout=120
    )
    theirs = dict(line.split() for line in answer.stdout.splitlines())
    assert theirs == mine
    assert len(mine) == 9


def test_there_are_at_least_twelve_designs_of_sleeves_and_nine_families() -> None:
    designs = {(product.art.family, product.art.design) for product in goods()}
    assert sum(family == "record" for family, _design in designs) >= 12
    assert len({family for family, _design in designs}) >= 7


def test_every_design_draws_every_view() -> None:
    for spec in one_of_each_design():
        for view in range(spec.views):
            picture = draw(spec, view, SMALL)
            assert picture.size == (SMALL, SMALL), spec
            assert picture.mode == "RGB"
            pixels = np.asarray(picture, dtype=np.float32)
            assert np.isfinite(pixels).all()
            assert pixels.std() > 4, (spec.design, view)


def test_views_of_one_thing_differ() -> None:
    for spec in one_of_each_design():
        views = [np.asarray(draw(spec, view, SMALL), dtype=np.float32) for view in range(spec.views)]
        for place, first in enumerate(views):
            for second in views[place + 1 :]:
                assert np.abs(first - second).mean() > 2, spec.design


def print_of(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Reduce a picture to its colours in a 16 by 16 grid, from which the noise has gone."""
    image = Image.fromarray(picture.astype(np.uint8)).resize((16, 16), Image.Resampling.BOX)
    return np.asarray(image, dtype=np.float32).ravel()


def test_no_two_products_look_alike() -> None:
    prints = np.stack([print_of(picture) for picture in small_pictures()])
    alike: list[tuple[str, str, float]] = []
    for place, mine in enumerate(prints[:-1]):
        away = np.abs(prints[place + 1 :] - mine).mean(axis=1)
        nearest = int(away.argmin())
        if away[nearest] < 1.0:
            alike.append((goods()[place].title, goods()[place + 1 + nearest].title, float(away[nearest])))
    assert alike == []


def test_the_thing_stands_in_the_middle_and_leaves_the_corners_to_the_backdrop() -> None:
    for product, picture in zip(goods(), small_pictures(), strict=True):
        middle = picture[14:50, 14:50].std(axis=(0, 1)).mean()
        corner = picture[:4, :4].std(axis=(0, 1)).mean()
        assert middle > corner, product.title


def test_a_large_picture_shows_the_same_scene_as_a_small_one() -> None:
    for spec in one_of_each_design()[::9]:
        large = draw(spec, 0, 320).resize((32, 32), Image.Resampling.BOX)
        small = draw(spec, 0, 160).resize((32, 32), Image.Resampling.BOX)
        apart = np.abs(np.asarray(large, dtype=np.float32) - np.asarray(small, dtype=np.float32)).mean()
        assert apart < 6, spec.design


@pytest.mark.parametrize(
    ("spec", "view", "size", "words"),
    [
        (ArtSpec("boat", "sloop", 1, ("#ffffff",)), 0, 128, "use one of record, print"),
        (ArtSpec("lamp", "table.gourd", 1, ("#ffffff",)), 2, 128, "use 0 to 1"),
        (ArtSpec("lamp", "table.gourd", 1, ("#ffffff",)), 0, 12, "use at least 64"),
    ],
)
def test_what_cannot_be_drawn_says_what_can(spec: ArtSpec, view: int, size: int, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        draw(spec, view, size)


def test_render_all_writes_every_file_once_and_keeps_what_is_there(tmp_path: Path) -> None:
    named = [(product.slug, product.art) for product in goods()[:3]]
    work = jobs(named, views=[0], sizes=(64, 128))
    assert [job.view for job in jobs(named)] == sorted(job.view for job in jobs(named))
    names = list(render_all(work, tmp_path, processes=1))
    assert sorted(names) == sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 6
    kept = tmp_path / names[0]
    kept.write_bytes(b"kept")
    (tmp_path / names[2]).unlink()
    again = list(render_all(work, tmp_path, processes=1))
    assert sorted(again) == sorted(names)
    assert (tmp_path / names[2]).exists()
    with Image.open(tmp_path / f"{goods()[2].slug}-0-64.webp") as picture:
        assert picture.size == (64, 64)


def test_two_processes_write_what_one_writes(tmp_path: Path) -> None:
    work = jobs([(product.slug, product.art) for product in goods()[:700:80]], views=[0], sizes=(96,))
    assert len(work) >= 8
    alone = sorted(render_all(work, tmp_path / "alone", processes=1))
    together = sorted(render_all(work, tmp_path / "together", processes=2))
    assert together == alone
    for name in alone:
        assert (tmp_path / "together" / name).read_bytes() == (tmp_path / "alone" / name).read_bytes()
    assert not list((tmp_path / "together").glob("*.part"))
