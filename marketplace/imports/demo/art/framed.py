"""Draws art prints: framed on a wall; over a sideboard; the sheet close."""

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, decode, linear, smooth
from marketplace.imports.demo.art.compositions import GEOMETRIC
from marketplace.imports.demo.art.compositions_nature import NATURAL
from marketplace.imports.demo.art.compositions_type import TYPOGRAPHIC
from marketplace.imports.demo.art.grain import boards
from marketplace.imports.demo.art.ink import Sheet
from marketplace.imports.demo.art.lathe import curve, ground_shadow, turn
from marketplace.imports.demo.art.light import MATT, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Box, Camera, Stage
from marketplace.imports.demo.art.vessels import vessel

_DESIGNS = {**GEOMETRIC, **NATURAL, **TYPOGRAPHIC}
_WOODS = {
    "Oak": ("#c49a66", "#8f6236"),
    "Walnut": ("#6f4a34", "#3f281b"),
    "Black": ("#2b2a29", "#191817"),
    "White": ("#e9e6df", "#d6d2c9"),
}
_TALL = {"Portrait": 1.4, "Square": 1.0, "Landscape": 0.72}


def artwork(spec: ArtSpec, pixels: int) -> Array:
    """Return the printed sheet, planar linear light, so many pixels wide."""
    sheet = Sheet(pixels, spec.palette[0], _TALL[spec.param("orientation", "Portrait")])
    _DESIGNS[spec.design](sheet, spec, noise.generator(spec.seed))
    sheet.texture(0.035, spec.seed)
    return decode(sheet.done())


def _fill(stage: Stage, box: Box, colour: Array) -> None:
    stage.lay(box, colour, np.ones((box.bottom - box.top, box.right - box.left), dtype=np.float32))


def _frame(stage: Stage, spec: ArtSpec, middle: tuple[float, float], wide: float, high: float, bar: float) -> None:
    """Draw the four bars of the frame, mitred, each lit by which way it faces."""
    x, y = middle
    left, right, low, top = x - wide / 2, x + wide / 2, y - high / 2, y + high / 2
    strips = (
        ((left, left + bar, low, top), True, 1.08),
        ((right - bar, right, low, top), True, 0.80),
        ((left, right, top - bar, top), False, 1.14),
        ((left, right, low, low + bar), False, 0.72),
    )
    tone, dark = (linear(code) for code in _WOODS[spec.param("frame", "Oak")])
    strong = 0.8 if spec.param("frame") in {"Oak", "Walnut"} else 0.2
    for place, (span, upright, facing) in enumerate(strips):
        box = stage.box(*span, 0)
        if box.empty:
            continue
        across, up = stage.grid(box)
        sides = np.minimum(across - left, right - across), np.minimum(up - low, top - up)
        near, far = sides if upright else sides[::-1]
        near, far = np.broadcast_arrays(near, far)
        streak = boards(across + y, up, spec.seed + place) if upright else boards(up + 0.31, across, spec.seed + place)
        roll = 1 + 0.12 * np.exp(-((near / 0.0025) ** 2)) - 0.16 * np.exp(-(((near - bar) / 0.0025) ** 2))
        colour = (tone + (dark - tone) * (streak * strong)[None]) * ((facing * 0.55 + 0.47) * roll)[None]
        stage.lay(box, colour.astype(np.float32), ((near <= bar) & (near <= far)).astype(np.float32))


def _hang(stage: Stage, spec: ArtSpec, middle: tuple[float, float], most: float) -> None:
    """Hang the framed print: shadow on the wall, frame, mat, sheet, shadow of the frame on the mat, glass."""
    tall = _TALL[spec.param("orientation", "Portrait")]
    mat = 0.055 if spec.seed % 3 else 0.0
    bar = 0.016 + 0.006 * (spec.seed % 2)
    border = bar + mat
    sheet_wide = min(most - 2 * border, (most - 2 * border) / tall)
    wide, high = sheet_wide + 2 * border, sheet_wide * tall + 2 * border
    x, y = middle
    side = stage.side
    for off, blur, strength in ((0.012, 0.010, 0.42), (0.035, 0.030, 0.36), (0.07, 0.06, 0.20)):
        shape = [
            (x - wide / 2, y + high / 2),
            (x + wide / 2, y + high / 2),
            (x + wide / 2, y - high / 2),
            (x - wide / 2, y - high / 2),
        ]
        stage.shadow([[(px + side * off * 0.7, py - off) for px, py in shape]], blur, strength)
    inner = stage.box(x - wide / 2 + bar, x + wide / 2 - bar, y - high / 2 + bar, y + high / 2 - bar, 0)
    _fill(stage, inner, linear("#f4f1ea") * np.float32(0.96))
    pixels = round(sheet_wide * stage.unit)
    art = artwork(spec, pixels)
    left, top = round(stage.px(x - sheet_wide / 2)), round(stage.py(y + sheet_wide * tall / 2))
    box = Box(max(0, left), max(0, top), min(stage.size, left + art.shape[2]), min(stage.size, top + art.shape[1]))
    if not box.empty:
        _fill(
            stage, box, art[:, box.top - top : box.bottom - top, box.left - left : box.right - left] * np.float32(1.02)
        )
        if mat:
            _bevel(stage, box)
    if not inner.empty:
        _glass(stage, inner)
    _frame(stage, spec, middle, wide, high, bar)


def _bevel(stage: Stage, box: Box) -> None:
    """Draw the pale cut edge of the mat around the sheet, and its thin shadow."""
    thick = max(1, round(0.0022 * stage.unit))
    high, wide = box.bottom - box.top, box.right - box.left
    mask = np.zeros((high, wide), dtype=np.float32)
    mask[: thick * 3] += np.linspace(0.34, 0, min(thick * 3, high), dtype=np.float32)[:, None]
    mask[:, : thick * 2] += np.linspace(0.22, 0, min(thick * 2, wide), dtype=np.float32)[None, :]
    stage.shade(box, mask, 1.0)


def _glass(stage: Stage, box: Box) -> None:
    """Let the frame throw its shadow on what is inside, and the window a faint diagonal on the glass."""
    high, wide = box.bottom - box.top, box.right - box.left
    down = np.arange(high, dtype=np.float32)[:, None] / stage.unit
    across = np.arange(wide, dtype=np.float32)[None, :] / stage.unit
    across = across if stage.side > 0 else across[:, ::-1]
    stage.shade(box, 0.42 * np.exp(-down / 0.012) + 0.26 * np.exp(-across / 0.010), 1.0)
    lean = across / (wide / stage.unit) + 0.45 * down / (high / stage.unit)
    sheen = 0.030 * smooth(0.16, 0.0, np.abs(lean - 0.34)) + 0.018 * smooth(0.05, 0.0, np.abs(lean - 0.56)) + 0.010
    stage.lay(box, linear("#ffffff"), sheen.astype(np.float32))


def _gobo(spec: ArtSpec) -> Array:
    """Return the light of a window on a wall: slanted panes with soft bars."""
    count = 160
    axis = (np.arange(count, dtype=np.float32) + 0.5) / count
    x, y = np.meshgrid(axis, axis)
    shift = (spec.seed % 7) * 0.05
    lean = x + 0.42 * y - shift
    pane = smooth(0.10, 0.16, lean) * smooth(1.02, 0.94, lean)
    bars = 1 - 0.75 * np.exp(-(((lean - 0.55) / 0.022) ** 2))
    cross = 1 - 0.75 * np.exp(-(((y - 0.30 + 0.10 * x) / 0.018) ** 2))
    return (pane * bars * cross).astype(np.float32)


def _wall(spec: ArtSpec, size: int, view: int) -> Stage:
    stage = Stage(size, Camera(0, 0, 1, 0.12), mirrored=spec.seed % 4 == 1, seed=spec.seed + view)
    wall, floor = paper("print", spec.palette[0], spec.seed, view)
    stage.sweep(wall, wall if view != 1 else floor, -0.8 if view != 1 else -0.33, 0.1 if view != 1 else 0.004)
    if (spec.seed + view) % 2 == 0:
        stage.gobo(_gobo(spec), 0.15)
    return stage


def _room(spec: ArtSpec, size: int) -> Image.Image:
    """Draw the print hung over a shelf on which a vase stands."""
    stage = _wall(spec, size, 1)
    pot = vessel(("vase.bottle", "vase.moon", "vase.bud", "vase.gourd")[spec.seed % 4], noise.generator(spec.seed))
    stage.camera = Camera(0.0, 0.0, 0.78, 0.12)
    x = 0.43 if spec.seed % 2 else -0.43
    small = curve(
        [(float(r) * 0.72, float(y) * 0.72) for r, y in zip(pot.outside.r[::8], pot.outside.y[::8], strict=True)]
    )
    ground_shadow(stage, small, x, 3.3, 0.5)
    _hang(stage, spec, (-0.05 if x > 0 else 0.05, 0.14), 0.70)
    body = turn(stage, small, x, 3.3)
    tone = linear(spec.palette[1 + spec.seed % 2]) * np.float32(0.85) + linear("#ffffff") * np.float32(0.08)
    stage.lay(body.box, light(stage, body.normal, tone, MATT), body.mask)
    return stage.finish()


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the print: 0 on the wall, 1 in a room, 2 close."""
    if view == 1:
        return _room(spec, size)
    stage = _wall(spec, size, view)
    if view == 2:
        stage.camera = Camera(-0.10, 0.14, 1.9, 0.12)
    _hang(stage, spec, (0.0, 0.0), 0.74 if spec.param("orientation") != "Landscape" else 0.80)
    return stage.finish()
