"""Draws records: the sleeve with its disc half out; the disc by itself; the sleeve close and at a slant of light."""

import math

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, blend, decode, lightness, linear, smooth
from marketplace.imports.demo.art.ink import Sheet
from marketplace.imports.demo.art.sleeves import FIRST
from marketplace.imports.demo.art.sleeves_scenic import SECOND
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Box, Camera, Stage

_DESIGNS = {**FIRST, **SECOND}
_SIDE = 0.62  # of the sleeve, in world units


def sleeve(spec: ArtSpec, pixels: int) -> Array:
    """Return the sleeve's front, planar linear light, so many pixels wide."""
    sheet = Sheet(pixels, spec.palette[0])
    _DESIGNS[spec.design](sheet, spec, noise.generator(spec.seed))
    sheet.texture(0.028, spec.seed)
    return decode(sheet.done())


def _worn(stage: Stage, spec: ArtSpec, box: Box, art: Array) -> Array:
    """Return the sleeve lit: window light from one side, card edges, the ghost of the disc on older ones."""
    high, wide = art.shape[1:]
    x = np.linspace(0, 1, wide, dtype=np.float32)[None, :]
    y = np.linspace(0, 1, high, dtype=np.float32)[:, None]
    along = x if stage.side > 0 else 1 - x
    lit = 1.10 - 0.20 * along - 0.12 * y
    edge = np.minimum(np.minimum(x, 1 - x), np.minimum(y, 1 - y)) * wide
    lit = lit + 0.10 * np.exp(-edge / (0.004 * wide)) * (1 - along)
    old = int(spec.param("decade", "2000")) < 1990
    if old:
        ring = np.exp(-(((np.sqrt((x - 0.5) ** 2 + (y - 0.5) ** 2) - 0.475) / 0.006) ** 2))
        lit = lit + 0.05 * ring * noise.cloud(5, 3, 12)[:: max(1, 512 // 64), :: max(1, 512 // 64)].mean()
        rub = np.exp(-edge / (0.006 * wide)) * 0.30
        art = art + (0.75 - art) * rub[None] * 0.5
    gloss = smooth(0.35, 0.0, np.abs(along - 0.15 + (y - 0.5) * 0.30)) * (0.022 if old else 0.04)
    result: Array = art * lit[None] + gloss[None]
    return result


def _disc(stage: Stage, spec: ArtSpec, x: float, y: float, radius: float) -> None:
    """Draw the disc face on: grooves with their bow-tie of light, bands between tracks, label and hole."""
    box = stage.box(x - radius, x + radius, y - radius, y + radius)
    if box.empty:
        return
    across, up = stage.grid(box)
    dx, dy = (across - np.float32(x)) / np.float32(radius), (up - np.float32(y)) / np.float32(radius)
    away = np.sqrt(dx * dx + dy * dy)
    mask = np.clip((1 - away) * np.float32(radius * stage.unit) + 0.5, 0, 1)
    angle = np.arctan2(dy, dx * np.float32(stage.side))
    wax = spec.palette[6]
    chance = noise.generator(spec.seed + 5)
    gaps = np.ones_like(away)
    for gap in np.cumsum(0.08 + 0.10 * chance.random(6)) + 0.40:
        gaps -= 0.8 * np.exp(-(((away - np.float32(gap)) / 0.0035) ** 2))
    groove = 1 + 0.10 * np.sin(away * 420 + chance.random() * 6) + 0.06 * np.sin(away * 1130)
    bow = np.exp(-(((np.mod(angle - 2.35 + math.pi / 2, math.pi) - math.pi / 2) / 0.30) ** 2))
    thin = np.exp(-(((np.mod(angle - 0.95 + math.pi / 2, math.pi) - math.pi / 2) / 0.12) ** 2))
    sheen = (0.11 * bow + 0.05 * thin + 0.008) * groove * (0.4 + 0.6 * gaps)
    flat = (away > 0.965) | ((away < 0.40) & (away > 0.345))
    sheen = np.where(flat, 0.02 + 0.05 * bow, sheen)
    colour = linear(wax) * (0.75 + 0.35 * bow)[None] + sheen[None]
    colour += (0.16 * np.exp(-(((away - 0.990) / 0.006) ** 2)) * (0.3 + bow))[None]
    stage.lay(box, colour.astype(np.float32), mask)
    _label(stage, spec, x, y, radius * 0.345)


def _label(stage: Stage, spec: ArtSpec, x: float, y: float, radius: float) -> None:
    """Draw the paper label with its type."""
    box = stage.box(x - radius, x + radius, y - radius, y + radius, 0)
    wide, high = box.right - box.left, box.bottom - box.top
    if box.empty or wide < 8:
        return
    paper_ink = spec.palette[5]
    type_ink = "#f6f0e2" if lightness(paper_ink) < 0.55 else "#1c1b19"
    title, artist, label = spec.texts
    full = max(16, round(2 * radius * stage.unit))
    sheet = Sheet(full, paper_ink)
    if spec.seed % 3 == 0:
        sheet.rect(0, 0, 1, 0.46, blend(paper_ink, "#f4ecdb", 0.85))
    elif spec.seed % 3 == 1:
        sheet.ring(0.5, 0.5, 0.46, 0.012, type_ink)
    top = type_ink if spec.seed % 3 else "#1c1b19"
    sheet.text(0.5, 0.24, label, "syne-800", sheet.fit(label, "syne-800", 0.6, 0.12), top, "mm")
    sheet.text(0.5, 0.67, title, "space-grotesk-700", sheet.fit(title, "space-grotesk-700", 0.74, 0.06), type_ink, "mm")
    sheet.text(
        0.5, 0.76, artist, "space-grotesk-500", sheet.fit(artist, "space-grotesk-500", 0.62, 0.05), type_ink, "mm"
    )
    sheet.text(0.16, 0.5, "A", "space-mono", 0.06, type_ink, "mm")
    sheet.text(0.84, 0.5, "33⅓" if spec.seed % 2 else "STEREO", "space-mono", 0.04, type_ink, "mm")
    art = decode(sheet.done())
    left, low = round(stage.px(x - radius)), round(stage.py(y + radius))
    art = art[:, max(0, box.top - low) :, max(0, box.left - left) :][:, :high, :wide]
    box = Box(box.left, box.top, box.left + art.shape[2], box.top + art.shape[1])
    across, up = stage.grid(box)
    away = np.sqrt((across - np.float32(x)) ** 2 + (up - np.float32(y)) ** 2)
    mask = np.clip((radius - away) * stage.unit + 0.5, 0, 1)
    hole = np.clip((away - radius * 0.075) * stage.unit + 0.5, 0, 1)
    stage.lay(box, art * np.float32(1.02), mask.astype(np.float32))
    stage.lay(box, linear("#2a2927"), (1 - hole).astype(np.float32))


def _stand(spec: ArtSpec, view: int, size: int) -> Stage:
    stage = Stage(size, Camera(0.0, 0.0, 1.0, 0.16), mirrored=view == 1, seed=spec.seed + view)
    wall, floor = paper("record", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, -0.275, 0.035)
    return stage


def _put_sleeve(stage: Stage, spec: ArtSpec, left: float, top: float, side: float) -> None:
    x0, y0 = round(stage.px(left)), round(stage.py(top))
    pixels = round(side * stage.unit)
    art = sleeve(spec, pixels)
    full = Box(x0, y0, x0 + pixels, y0 + pixels)
    lit = _worn(stage, spec, full, art)
    box = Box(max(0, x0), max(0, y0), min(stage.size, x0 + pixels), min(stage.size, y0 + pixels))
    if box.empty:
        return
    part = lit[:, box.top - y0 : box.bottom - y0, box.left - x0 : box.right - x0]
    stage.lay(box, part.astype(np.float32), np.ones(part.shape[1:], dtype=np.float32))


def _quad(left: float, top: float, wide: float, high: float) -> list[tuple[float, float]]:
    return [(left, top), (left + wide, top), (left + wide, top - high), (left, top - high)]


def _front(spec: ArtSpec, size: int) -> Image.Image:
    stage = _stand(spec, 0, size)
    left, top = -0.405, 0.325
    radius = _SIDE * 0.485
    out = 0.20 + 0.05 * ((spec.seed >> 5) % 5) / 4
    middle = (left + _SIDE / 2 + out, top - _SIDE / 2)
    low = top - _SIDE
    slant = [
        (left + 0.01, low),
        (left + _SIDE, low),
        (left + _SIDE + 0.13, low + 0.05),
        (left + _SIDE + 0.10, top - 0.10),
        (left + 0.05, top - 0.02),
    ]
    ring = [
        (middle[0] + 0.05 + radius * math.cos(a), middle[1] - 0.01 + radius * math.sin(a))
        for a in np.linspace(0, 6.28, 60)
    ]
    stage.shadow([slant, ring], 0.035, 0.30)
    stage.shadow([ring], 0.014, 0.28)
    stage.shadow([_quad(left - 0.004, low + 0.012, _SIDE + 0.015, 0.022)], 0.010, 0.75)
    stage.shadow([_quad(left - 0.01, low + 0.012, _SIDE + 0.05, 0.06)], 0.03, 0.35)
    _disc(stage, spec, middle[0], middle[1], radius)
    edge = stage.box(left + _SIDE - 0.001, left + _SIDE + 0.05, low, top, 0)
    across, _up = stage.grid(edge)
    fall = np.exp(-np.maximum(across - np.float32(left + _SIDE), 0) / 0.014)
    stage.shade(edge, np.broadcast_to(fall, (edge.bottom - edge.top, edge.right - edge.left)), 0.62)
    spine = stage.box(left + _SIDE - 0.002, left + _SIDE + 0.004, low, top, 0)
    stage.lay(
        spine,
        linear("#d9d2c4") * np.float32(0.7),
        np.ones((spine.bottom - spine.top, spine.right - spine.left), dtype=np.float32),
    )
    _put_sleeve(stage, spec, left, top, _SIDE)
    return stage.finish()


def _out(spec: ArtSpec, size: int) -> Image.Image:
    """Draw the disc leaning in front of its sleeve."""
    stage = _stand(spec, 1, size)
    left, top, side = -0.12, 0.335, 0.50
    low, radius = top - side, 0.285
    x, y = -0.135, -0.02
    stage.shadow([_quad(left - 0.06, top - 0.04, side, side)], 0.04, 0.30)
    stage.shadow([_quad(left - 0.01, low + 0.012, side + 0.02, 0.03)], 0.012, 0.6)
    stage.shadow(
        [[(x + 0.6 * radius * math.cos(a), y - radius + 0.01 + 0.02 * math.sin(a)) for a in np.linspace(0, 6.28, 40)]],
        0.012,
        0.7,
    )
    stage.shadow(
        [
            [
                (x - 0.03 + 0.9 * radius * math.cos(a), y - radius + 0.02 + 0.05 * math.sin(a))
                for a in np.linspace(0, 6.28, 40)
            ]
        ],
        0.03,
        0.4,
    )
    _put_sleeve(stage, spec, left, top, side)
    near = stage.box(x - radius - 0.05, x + radius + 0.08, y - radius - 0.05, y + radius + 0.05)
    across, up = stage.grid(near)
    away = np.sqrt((across - np.float32(x - 0.022)) ** 2 + (up - np.float32(y - 0.012)) ** 2)
    on_sleeve = ((across > left) & (across < left + side) & (up > low) & (up < top)).astype(np.float32)
    stage.shade(near, smooth(radius + 0.035, radius - 0.015, away) * on_sleeve, 0.5)
    _disc(stage, spec, x, y, radius)
    return stage.finish()


def _close(spec: ArtSpec, size: int) -> Image.Image:
    stage = Stage(size, Camera(0.0, 0.0, 1.0, 0.16), seed=spec.seed + 2)
    wall, floor = paper("record", spec.palette[0], spec.seed, 2)
    stage.sweep(floor, wall, -0.6, 0.2)
    left, top, side = -0.40, 0.44, 1.12
    stage.shadow([_quad(left - 0.02, top - 0.03, side, side)], 0.03, 0.6)
    _put_sleeve(stage, spec, left, top, side)
    return stage.finish()


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the record: 0 disc half out, 1 disc in front, 2 the sleeve close."""
    return (_front, _out, _close)[view](spec, size)
