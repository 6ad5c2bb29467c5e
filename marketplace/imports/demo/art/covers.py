"""Flat artwork of paper goods: notebook covers and greeting cards."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.colour import blend, lightness, smooth
from marketplace.imports.demo.art.ink import Sheet, blob
from marketplace.imports.demo.art.noise import sample_soft
from marketplace.imports.demo.art.sleeves_scenic import leaf
from marketplace.imports.demo.art.spec import ArtSpec

Point = tuple[float, float]
Inks = tuple[str, str, str]


def _terrazzo(sheet: Sheet, inks: Inks, chance: np.random.Generator) -> None:
    first, second, third = inks
    chips = (second, third, blend(first, "#000000", 0.25), blend(first, "#ffffff", 0.4))
    for _chip in range(120):
        size, ink = 0.006 + 0.05 * chance.random() ** 2.2, chips[int(chance.random() * 4)]
        sheet.polygon(blob(chance.random(), chance.random() * sheet.tall, size, chance, 0.7, 7), ink)


def _waves(sheet: Sheet, inks: Inks, chance: np.random.Generator) -> None:
    _first, second, third = inks
    for row in range(15):
        y, phase = row * sheet.tall / 13 - 0.03, row * 0.9 + chance.random()
        path = [(float(x), y + 0.030 * math.sin(float(x) * 8 + phase)) for x in np.linspace(-0.02, 1.02, 60)]
        low = [(x, py + 0.030 + 0.006 * (row % 3)) for x, py in path[::-1]]
        sheet.polygon([*path, *low], second if row % 3 else third)


def _marble(sheet: Sheet, inks: Inks, chance: np.random.Generator) -> None:
    first, second, third = inks
    field, warp = noise.cloud(4, 4, 90 + int(chance.random() * 9)), noise.cloud(3, 3, 95 + int(chance.random() * 5))
    rows, columns = np.mgrid[0:512, 0:512].astype(np.float32) / 512
    bent = sample_soft(
        field, columns * 0.8 + warp * 0.5, rows * 0.5 + np.roll(warp, 99, 0) * 0.5 + np.float32(chance.random())
    )
    veins = np.abs(np.sin(bent * 26))
    sheet.cover(sheet.mask().field(smooth(0.55, 0.35, veins)), second)
    sheet.cover(sheet.mask().field(smooth(0.16, 0.06, veins)), third)
    sheet.cover(sheet.mask().field(smooth(0.97, 0.995, veins)), blend(first, "#ffffff", 0.5))


_PATTERNS: dict[str, Callable[[Sheet, Inks, np.random.Generator], None]] = {
    "terrazzo": _terrazzo,
    "waves": _waves,
    "marble": _marble,
}


def cover(spec: ArtSpec, pixels: int, tall: float, tint: str) -> Image.Image:
    """Return a notebook's cover in one of its tints: patterned with a label, or plain with a word."""
    first, second, third = tint, spec.palette[1], spec.palette[2]
    sheet = Sheet(pixels, first, tall)
    pattern = _PATTERNS.get(spec.design.split(".")[1])
    if pattern is None:
        ink = second if lightness(first) < 0.45 else blend(second, "#000000", 0.1)
        word = ("Notes", "Ideas", "Field notes", "Everything else")[spec.seed % 4]
        sheet.rect(0.30, tall * 0.20, 0.78, tall * 0.20 + 0.004, ink)
        sheet.text(0.54, tall * 0.20 - 0.022, word, "cormorant-italic", 0.068, ink, "mb")
        return sheet.picture()
    pattern(sheet, (first, second, third), noise.generator(spec.seed))
    sheet.rect(0.0, 0.0, 0.085, tall, blend(first, "#000000", 0.28))
    sheet.rect(0.32, tall * 0.16, 0.76, tall * 0.16 + 0.20, "#f3ecdd")
    sheet.rect(0.36, tall * 0.16 + 0.075, 0.72, tall * 0.16 + 0.079, "#8b8172")
    sheet.rect(0.36, tall * 0.16 + 0.135, 0.72, tall * 0.16 + 0.139, "#8b8172")
    return sheet.picture()


def _leaf_card(sheet: Sheet, inks: Inks, chance: np.random.Generator) -> None:
    _ground, ink, other = inks
    for place in range(7):
        angle = -math.pi / 2 + (place - 3) * 0.36
        sheet.polygon(leaf(0.5, 1.04, 0.50 + 0.1 * chance.random(), 0.07, angle), ink if place % 2 else other)


def _sun_card(sheet: Sheet, inks: Inks, chance: np.random.Generator) -> None:
    _ground, ink, other = inks
    count, long = 16 + 4 * int(chance.random() * 4), 0.36 + 0.06 * chance.random()
    for ray in range(count):
        start, end = ray / count * 2 * math.pi, (ray + 0.5) / count * 2 * math.pi
        spread = ((0.24, start), (long, (start + end) / 2), (0.24, end))
        sheet.polygon([(0.5 + away * math.cos(turn), 0.66 + away * math.sin(turn)) for away, turn in spread], other)
    sheet.disc(0.5, 0.66, 0.21, ink)


_BIRD: tuple[Point, ...] = (
    (0.24, 0.78), (0.38, 0.60), (0.56, 0.56), (0.70, 0.50), (0.80, 0.56), (0.72, 0.62), (0.66, 0.78), (0.48, 0.88),
    (0.30, 0.86),
)  # fmt: skip


def _bird_card(sheet: Sheet, inks: Inks, chance: np.random.Generator) -> None:
    ground, ink, other = inks
    sheet.polygon(_rounded(list(_BIRD)), ink)
    sheet.polygon(leaf(0.58, 0.66, 0.30 + 0.06 * chance.random(), 0.085, 2.7), other)
    sheet.polygon(leaf(0.34, 0.82, 0.26, 0.04, 2.6), ink)
    sheet.disc(0.715, 0.555, 0.013, ground)
    for leg in (0.48, 0.54):
        sheet.stroke([(leg, 0.86), (leg + 0.02, 1.0)], 0.008, other)
    sheet.stroke([(0.16, 1.0), (0.86, 1.0)], 0.010, other)


def _thanks_card(sheet: Sheet, inks: Inks, chance: np.random.Generator) -> None:
    _ground, ink, other = inks
    face = ("dm-serif-display-italic", "cormorant-italic", "syne-800")[int(chance.random() * 3)]
    words = (("Thank", "you"), ("Many", "thanks"), ("So kind", "of you"))[int(chance.random() * 3)]
    for place, row in enumerate(words):
        sheet.text(0.5, 0.56 + place * 0.22, row, face, sheet.fit(row, face, 0.74, 0.27), ink, "mm")
    sheet.rect(0.42, 0.96, 0.58, 0.968, other)


_CARDS: dict[str, Callable[[Sheet, Inks, np.random.Generator], None]] = {
    "leaf": _leaf_card,
    "sun": _sun_card,
    "bird": _bird_card,
    "thanks": _thanks_card,
}


def card(spec: ArtSpec, pixels: int) -> Image.Image:
    """Return the front of a greeting card, on white or on its colour."""
    tint, second, third = spec.palette[:3]
    pale = spec.seed % 2 == 0
    ground, ink = ("#f5efe3", tint) if pale else (tint, "#f6eedd" if lightness(tint) < 0.6 else second)
    if pale and lightness(tint) > 0.82:
        ink = second
    other = second if pale and lightness(second) < 0.8 else third
    if other == ink:
        other = third
    sheet = Sheet(pixels, ground, 1.4)
    _CARDS[spec.design.split(".")[1]](sheet, (ground, ink, other), noise.generator(spec.seed))
    sheet.texture(0.03, spec.seed)
    return sheet.picture()


def _rounded(points: list[Point]) -> list[Point]:
    """Return a closed smooth line through points."""
    closed = np.array([*points[-2:], *points, *points[:2]], dtype=np.float64)
    at = np.arange(len(closed))
    fine = np.linspace(2, len(closed) - 2, 120)
    kernel = np.array([1, 4, 6, 4, 1]) / 16
    x, y = np.interp(fine, at, closed[:, 0]), np.interp(fine, at, closed[:, 1])
    return list(
        zip(
            np.convolve(np.pad(x, 2, mode="wrap"), kernel, "valid"),
            np.convolve(np.pad(y, 2, mode="wrap"), kernel, "valid"),
            strict=True,
        )
    )
