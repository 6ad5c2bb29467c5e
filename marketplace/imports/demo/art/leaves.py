"""Leaves: single ones, rounded by light, and whole fronds drawn at once."""

import math

import numpy as np
from PIL import Image, ImageDraw

from marketplace.imports.demo.art.colour import Array, blend, decode, linear, mix, rgb, smooth
from marketplace.imports.demo.art.light import Material, light
from marketplace.imports.demo.art.stage import Box, Stage
from marketplace.imports.demo.art.tube import bar, bend

Point = tuple[float, float]
WAXY = Material(gloss=0.55, rough=0.22, wrap=0.45)
DULL = Material(gloss=0.14, rough=0.4, wrap=0.5)


def _drawing(look: str, aside: Array, along: Array) -> Array:
    """Return how much of a leaf's second tint shows, by the names that blade takes."""
    off = np.abs(aside)
    if look == "edge":
        flecks = smooth(0.55, 0.95, np.sin(along * 60 + np.sin(aside * 5) * 2)) * (off < 0.7)
        return smooth(0.66, 0.80, off) + 0.35 * flecks
    if look == "bands":
        return 0.75 * smooth(0.2, 0.8, np.sin(along * 48 + np.sin(aside * 4 + along * 9) * 1.4))
    if look == "stripe":
        return smooth(0.42, 0.30, off)
    if look == "rib":
        veins = smooth(0.80, 0.97, np.sin((along * 9 - off * 0.9) * 2 * math.pi)) * smooth(1.0, 0.4, off)
        return 0.75 * smooth(0.055, 0.02, off) + 0.30 * veins
    return np.zeros_like(off)


def blade(
    stage: Stage,
    points: list[Point],
    widths: list[float],
    tints: tuple[str, str],
    *,
    look: str = "rib",
    material: Material = WAXY,
    shade: float = 1.0,
) -> None:
    """Draw a leaf along a bent line; `widths` are half widths at equal steps.

    look: "rib" midrib and side veins, "edge" a rim in the second tint, "bands" cross bands, "stripe" a pale middle, "plain".
    """
    path = bend(points, 16)
    thick = np.interp(np.linspace(0, 1, 16), np.linspace(0, 1, len(widths)), widths)
    piece = bar(stage, path, [max(float(width), 0.0006) for width in thick], 0.72)
    if piece.box.empty:
        return
    main, second = linear(tints[0]), linear(tints[1])
    along = piece.along
    tone = _drawing(look, piece.off, along)
    colour = mix(main, second, np.clip(tone, 0, 1)[None])
    normal = piece.normal.copy()
    crease = np.exp(-((piece.off / 0.10) ** 2)) * 0.25
    normal[1] = normal[1] + 0.30 * (along - 0.3)
    normal = normal / np.sqrt((normal * normal).sum(axis=0))
    dim = np.float32(shade) * (0.55 + 0.45 * smooth(0.0, 0.45, along)) * (1 - crease * (look == "rib"))
    stage.lay(piece.box, light(stage, normal.astype(np.float32), colour, material, dim), piece.mask)


def stalk(stage: Stage, points: list[Point], thick: float, tint: str, shade: float = 1.0) -> None:
    """Draw a stem."""
    piece = bar(stage, bend(points, 12), thick)
    stage.lay(piece.box, light(stage, piece.normal, linear(tint), DULL, shade), piece.mask)


class Fronds:
    """Many small leaflets, each a flat polygon with its own tone, laid on the stage together."""

    _OVER = 2

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        size = stage.size * self._OVER
        self.colour = Image.new("RGB", (size, size), (60, 90, 50))
        self.mask = Image.new("L", (size, size), 0)
        self.pen, self.cut = ImageDraw.Draw(self.colour), ImageDraw.Draw(self.mask)

    def leaflet(self, points: list[Point], tint: str) -> None:
        """Add a leaflet."""
        pixels = [(self.stage.px(x) * self._OVER, self.stage.py(y) * self._OVER) for x, y in points]
        self.pen.polygon(pixels, fill=rgb(tint))
        self.cut.polygon(pixels, fill=255)

    def line(self, points: list[Point], width: float, tint: str) -> None:
        """Add a rib."""
        pixels = [(self.stage.px(x) * self._OVER, self.stage.py(y) * self._OVER) for x, y in points]
        wide = max(1, round(width * self.stage.unit * self._OVER))
        self.pen.line(pixels, fill=rgb(tint), width=wide, joint="curve")
        self.cut.line(pixels, fill=255, width=wide, joint="curve")

    def lay(self) -> None:
        """Put the leaflets on the stage."""
        box = self.mask.getbbox()
        if box is None:
            return
        over = self._OVER
        left, top, right, low = (
            box[0] // over * over,
            box[1] // over * over,
            -(-box[2] // over) * over,
            -(-box[3] // over) * over,
        )
        colour = decode(np.asarray(self.colour.crop((left, top, right, low)).reduce(over)))
        mask = np.asarray(self.mask.crop((left, top, right, low)).reduce(over), dtype=np.float32) / 255
        window = Box(left // over, top // over, right // over, low // over)
        self.stage.lay(window, colour, mask)


def lit_tint(tint: str, angle: float, side: float, depth: float) -> str:
    """Return a leaflet's tone: pale where it faces the window (up and to one side), dark inside the plant.

    angle: of the leaflet, radians; side: 1 when light comes from the left; depth: 0 behind to 1 in front.
    """
    facing = 0.5 + 0.5 * math.cos(angle - (math.pi * 0.72 if side > 0 else math.pi * 0.28))
    tone = 0.30 + 0.38 * facing + 0.34 * depth
    return blend(blend(tint, "#0d1a10", 0.62), blend(tint, "#f4f6d8", 0.26), min(1.0, max(0.0, tone)))


def frond(fronds: Fronds, rib: list[Point], tint: str, *, long: float, wide: float, pairs: int, depth: float) -> None:
    """Add a feathered leaf along a rib: pairs of leaflets, longest below the middle."""
    stage = fronds.stage
    path = bend(rib, pairs + 4)
    fronds.line(path, 0.0032, lit_tint(tint, 1.2, stage.side, depth * 0.7))
    for place in range(2, len(path)):
        x, y = path[place]
        bx, by = path[place - 1]
        heading = math.atan2(y - by, x - bx)
        share = place / (len(path) - 1)
        reach = long * math.sin(math.pi * min(1.0, 0.22 + 0.76 * share)) ** 0.8
        for side in (-1, 1):
            angle = heading + side * (1.05 - 0.55 * share)
            dx, dy = math.cos(angle), math.sin(angle) - 0.14
            nx, ny = -dy * wide, dx * wide
            tip = (x + reach * dx, y + reach * dy)
            middle = (x + reach * 0.45 * dx, y + reach * 0.45 * dy)
            fronds.leaflet(
                [(x, y), (middle[0] + nx, middle[1] + ny), tip, (middle[0] - nx, middle[1] - ny)],
                lit_tint(tint, angle, stage.side, depth),
            )
