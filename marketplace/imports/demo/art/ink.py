"""Flat artwork: shapes, overprints and type on a sheet, drawn at double size and reduced."""

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.colour import Array, rgb

_FONTS = Path(__file__).parent / "fonts"
_OVER = 2

Point = tuple[float, float]


@lru_cache(maxsize=256)
def font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    """Return one of the fonts in fonts/ at a height in pixels."""
    return ImageFont.truetype(str(_FONTS / f"{name}.ttf"), pixels)


def _span(left: float, top: float, right: float, low: float) -> tuple[float, float, float, float]:
    """Return a rectangle as Pillow wants it, last pixels included."""
    return left, top, max(left, right - 1), max(top, low - 1)


class Sheet:
    """A sheet whose width is 1 and whose height is `tall`; y runs down."""

    def __init__(self, pixels: int, ground: str, tall: float = 1.0) -> None:
        self.unit = pixels * _OVER
        self.tall = tall
        self.image = Image.new("RGB", (self.unit, round(self.unit * tall)), rgb(ground))
        self.pen = ImageDraw.Draw(self.image)

    def _at(self, points: Sequence[Point]) -> list[Point]:
        return [(x * self.unit, y * self.unit) for x, y in points]

    def polygon(self, points: Sequence[Point], colour: str) -> None:
        """Fill a polygon."""
        self.pen.polygon(self._at(points), fill=rgb(colour))

    def rect(self, left: float, top: float, right: float, low: float, colour: str) -> None:
        """Fill a rectangle; one thinner than a pixel is a line."""
        self.pen.rectangle(
            _span(left * self.unit, top * self.unit, right * self.unit, low * self.unit), fill=rgb(colour)
        )

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        """Fill a disc."""
        self.pen.ellipse(self._round(x, y, radius), fill=rgb(colour))

    def ring(self, x: float, y: float, radius: float, width: float, colour: str) -> None:
        """Draw a circle's line, inside its radius."""
        self.pen.ellipse(self._round(x, y, radius), outline=rgb(colour), width=max(1, round(width * self.unit)))

    def pie(self, x: float, y: float, radius: float, angles: tuple[float, float], colour: str) -> None:
        """Fill a slice, angles in degrees clockwise from the right."""
        self.pen.pieslice(self._round(x, y, radius), angles[0], angles[1], fill=rgb(colour))

    def stroke(self, points: Sequence[Point], width: float, colour: str) -> None:
        """Draw a line with round joints."""
        self.pen.line(self._at(points), fill=rgb(colour), width=max(1, round(width * self.unit)), joint="curve")

    def _round(self, x: float, y: float, radius: float) -> tuple[float, float, float, float]:
        return (x - radius) * self.unit, (y - radius) * self.unit, (x + radius) * self.unit, (y + radius) * self.unit

    # -- layers: an L mask per ink, printed over what is there --

    def mask(self) -> "Mask":
        """Return an empty layer."""
        return Mask(self)

    def print(self, mask: "Mask", colour: str, strength: float = 1.0) -> None:
        """Overprint a layer: its ink multiplies what lies beneath."""
        layer = mask.image if strength == 1.0 else mask.image.point(lambda value: int(value * strength))
        white = Image.new("RGB", self.image.size, (255, 255, 255))
        inked = Image.composite(Image.new("RGB", self.image.size, rgb(colour)), white, layer)
        self._replace(ImageChops.multiply(self.image, inked))

    def cover(self, mask: "Mask", colour: str) -> None:
        """Print a layer opaquely."""
        self._replace(Image.composite(Image.new("RGB", self.image.size, rgb(colour)), self.image, mask.image))

    def fade(self, top: str, low: str, start: float = 0.0, end: float | None = None) -> None:
        """Fill the sheet with an upright gradient from start to end."""
        rows = np.linspace(0, self.tall, self.image.height, dtype=np.float32)
        share = np.clip((rows - start) / ((self.tall if end is None else end) - start), 0, 1)[:, None, None]
        colours = np.array(rgb(top), dtype=np.float32) * (1 - share) + np.array(rgb(low), dtype=np.float32) * share
        self._replace(Image.fromarray(colours.astype(np.uint8)).resize(self.image.size))

    def paste(self, image: Image.Image) -> None:
        """Replace the sheet's picture by another, fitted."""
        self._replace(image.resize(self.image.size, Image.Resampling.BICUBIC))

    def _replace(self, image: Image.Image) -> None:
        self.image = image
        self.pen = ImageDraw.Draw(image)

    # -- type --

    def text(
        self,
        x: float,
        y: float,
        words: str,
        face: str,
        height: float,
        colour: str,
        anchor: str = "la",
        track: float = 0.0,
    ) -> None:
        """Set a line; `height` is the font's size in sheet widths, `track` letter spacing in sizes."""
        letters = font(face, max(4, round(height * self.unit)))
        if not track:
            self.pen.text((x * self.unit, y * self.unit), words, font=letters, fill=rgb(colour), anchor=anchor)
            return
        gap = track * height * self.unit
        wide = sum(letters.getlength(letter) + gap for letter in words) - gap
        at = x * self.unit - (wide if anchor[0] == "r" else wide / 2 if anchor[0] == "m" else 0)
        for letter in words:
            self.pen.text((at, y * self.unit), letter, font=letters, fill=rgb(colour), anchor="l" + anchor[1])
            at += letters.getlength(letter) + gap

    def width(self, words: str, face: str, height: float) -> float:
        """Return how wide a line would be, in sheet widths."""
        return font(face, max(4, round(height * self.unit))).getlength(words) / self.unit

    def fit(self, words: str, face: str, room: float, most: float) -> float:
        """Return the largest font size at which a line fits into `room`, at most `most`."""
        return min(most, most * room / max(self.width(words, face, most), 1e-6))

    def block(
        self, x: float, y: float, words: str, face: str, height: float, colour: str, room: float, lead: float = 1.05
    ) -> float:
        """Set words ragged right in a column; return the y below the last line."""
        for row in self.wrap(words, face, height, room):
            self.text(x, y, row, face, height, colour)
            y += height * lead
        return y

    def wrap(self, words: str, face: str, height: float, room: float) -> list[str]:
        """Break words into lines that fit into `room`."""
        rows: list[str] = []
        for word in words.split():
            longer = f"{rows[-1]} {word}" if rows else word
            if rows and self.width(longer, face, height) <= room:
                rows[-1] = longer
            else:
                rows.append(word)
        return rows

    def texture(self, amount: float, seed: int) -> None:
        """Let the paper's tooth show: a little uneven ink all over."""
        field = noise.cloud(200, 1, 31)
        shift = seed % 500
        tile = np.roll(field, shift, axis=1)
        small = Image.fromarray(np.clip(255 - (tile * amount * 255), 0, 255).astype(np.uint8))
        wide = Image.new("L", self.image.size)
        step = 512
        for left in range(0, self.image.width, step):
            for top in range(0, self.image.height, step):
                wide.paste(small, (left, top))
        self._replace(ImageChops.multiply(self.image, Image.merge("RGB", (wide, wide, wide))))

    def picture(self) -> Image.Image:
        """Return the finished sheet at single size as a picture."""
        return self.image.reduce(_OVER)

    def done(self) -> NDArray[np.uint8]:
        """Return the finished sheet at single size, (height, width, 3) sRGB."""
        return np.asarray(self.image.reduce(_OVER))


class Mask:
    """One ink's layer of a sheet, in the sheet's units; 255 prints."""

    def __init__(self, sheet: Sheet) -> None:
        self.unit = sheet.unit
        self.image = Image.new("L", sheet.image.size, 0)
        self.pen = ImageDraw.Draw(self.image)

    def polygon(self, points: Sequence[Point], value: int = 255) -> None:
        """Fill a polygon; value 0 takes away."""
        self.pen.polygon([(x * self.unit, y * self.unit) for x, y in points], fill=value)

    def rect(self, left: float, top: float, right: float, low: float, value: int = 255) -> None:
        """Fill a rectangle; one thinner than a pixel is a line."""
        self.pen.rectangle(_span(left * self.unit, top * self.unit, right * self.unit, low * self.unit), fill=value)

    def disc(self, x: float, y: float, radius: float, value: int = 255) -> None:
        """Fill a disc."""
        box = ((x - radius) * self.unit, (y - radius) * self.unit, (x + radius) * self.unit, (y + radius) * self.unit)
        self.pen.ellipse(box, fill=value)

    def pie(self, x: float, y: float, radius: float, start: float, end: float, value: int = 255) -> None:
        """Fill a slice, angles in degrees clockwise from the right."""
        box = ((x - radius) * self.unit, (y - radius) * self.unit, (x + radius) * self.unit, (y + radius) * self.unit)
        self.pen.pieslice(box, start, end, fill=value)

    def stroke(self, points: Sequence[Point], width: float, value: int = 255) -> None:
        """Draw a line with round joints."""
        pixels = [(x * self.unit, y * self.unit) for x, y in points]
        self.pen.line(pixels, fill=value, width=max(1, round(width * self.unit)), joint="curve")

    def text(
        self, x: float, y: float, words: str, face: str, height: float, anchor: str = "la", value: int = 255
    ) -> None:
        """Set a line."""
        self.pen.text(
            (x * self.unit, y * self.unit),
            words,
            font=font(face, max(4, round(height * self.unit))),
            fill=value,
            anchor=anchor,
        )

    def grainy(self, amount: float, seed: int) -> "Mask":
        """Let the ink miss specks of paper, as a risograph's does; return itself."""
        field = np.asarray(self.image, dtype=np.float32)
        chance = noise.grain(512)
        repeats = (math.ceil(field.shape[0] / 512), math.ceil(field.shape[1] / 512))
        speck = np.tile(np.roll(chance, seed % 499, axis=0), repeats)[: field.shape[0], : field.shape[1]]
        self.image = Image.fromarray((field * np.clip(1 - amount * (0.55 + 0.5 * speck), 0, 1)).astype(np.uint8))
        self.pen = ImageDraw.Draw(self.image)
        return self

    def field(self, values: Array) -> "Mask":
        """Take 0 to 1 values of any size as the layer; return itself."""
        picture = Image.fromarray(np.clip(values * 255, 0, 255).astype(np.uint8))
        self.image = picture.resize(self.image.size, Image.Resampling.BICUBIC)
        self.pen = ImageDraw.Draw(self.image)
        return self

    def soften(self, radius: float) -> "Mask":
        """Blur by a radius in sheet widths; return itself."""
        self.image = self.image.filter(ImageFilter.GaussianBlur(radius * self.unit))
        self.pen = ImageDraw.Draw(self.image)
        return self


def blob(
    x: float, y: float, radius: float, chance: np.random.Generator, rough: float = 0.25, count: int = 60
) -> list[Point]:
    """Return a soft irregular shape."""
    angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
    away = np.ones(count)
    for wave in (1, 2, 3, 4):
        away += rough * (chance.random() - 0.35) / wave * np.sin(wave * angles + chance.random() * 6.28)
    return [
        (x + radius * float(a) * math.cos(angle), y + radius * float(a) * math.sin(angle))
        for a, angle in zip(away, angles, strict=True)
    ]


def ridge(y: float, rise: float, seed: int, count: int = 90, rough: float = 1.0) -> list[Point]:
    """Return a hill line across the sheet, from left to right, as points to be closed below."""
    chance = noise.generator(seed)
    x = np.linspace(-0.02, 1.02, count)
    total = np.zeros(count)
    for wave, weight in ((0.7, 1.0), (1.6, 0.55), (3.3, 0.26 * rough), (7.1, 0.12 * rough), (15.0, 0.05 * rough)):
        total += weight * np.sin(x * wave * 2 * math.pi + chance.random() * 6.28)
    return [(float(a), y - rise * float(b) / 1.6) for a, b in zip(x, total, strict=True)]
