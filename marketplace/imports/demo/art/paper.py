"""Draws paper goods: notebooks lying or standing, cards with their envelope, pencil pots."""

import math

import numpy as np
from PIL import Image, ImageDraw

from marketplace.imports.demo.art import desk
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, blend, decode, linear, smooth
from marketplace.imports.demo.art.covers import card, cover
from marketplace.imports.demo.art.light import SATIN, WOOD, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Box, Camera, Stage
from marketplace.imports.demo.art.tube import bar

Point = tuple[float, float]


def _warp(
    stage: Stage, art: Image.Image, corner: Point, along: Point, down: Point, shade: float = 1.0, texture: float = 0.0
) -> None:
    """Lay a flat picture on the stage as a parallelogram: its upper left corner, its width and its height as vectors."""
    ends = [
        corner,
        (corner[0] + along[0], corner[1] + along[1]),
        (corner[0] + down[0], corner[1] + down[1]),
        (corner[0] + along[0] + down[0], corner[1] + along[1] + down[1]),
    ]
    box = stage.box(
        min(x for x, _y in ends), max(x for x, _y in ends), min(y for _x, y in ends), max(y for _x, y in ends)
    )
    if box.empty:
        return
    x, y = stage.grid(box)
    dx, dy = x - np.float32(corner[0]), y - np.float32(corner[1])
    det = along[0] * down[1] - along[1] * down[0]
    u = (dx * down[1] - dy * down[0]) / np.float32(det)
    v = (dy * along[0] - dx * along[1]) / np.float32(det)
    wide, high = math.hypot(*along) * stage.unit, math.hypot(*down) * stage.unit
    rounded = np.float32(0.012 * stage.unit)
    ex, ey = np.minimum(u, 1 - u) * np.float32(wide), np.minimum(v, 1 - v) * np.float32(high)
    cx, cy = np.maximum(rounded - ex, 0), np.maximum(rounded - ey, 0)
    inside = np.minimum(np.minimum(ex, ey), rounded - np.sqrt(cx * cx + cy * cy))
    mask = np.clip(inside + 0.5, 0, 1)
    colour = _stretched(stage, art, box, corner, along, down)
    fall = 1.08 - 0.20 * (u if stage.side > 0 else 1 - u) - 0.10 * v
    if texture:
        fibre = np.sin(u * np.float32(wide * 1.55)) * np.sin(v * np.float32(high * 1.55))
        fall = fall + np.float32(texture) * fibre
    crease = 0.16 * np.exp(-np.abs(u - 0.085) / 0.006)
    edge = 0.10 * np.exp(-np.maximum(inside, 0) / (0.0025 * stage.unit))
    stage.lay(
        box,
        (colour * (fall * np.float32(shade) * (1 - crease * (texture > 0)) + edge)[None]).astype(np.float32),
        mask.astype(np.float32),
    )


def _stretched(stage: Stage, art: Image.Image, box: Box, corner: Point, along: Point, down: Point) -> Array:
    """Return a flat picture drawn into a parallelogram, for the pixels of a box; linear light."""
    det = along[0] * down[1] - along[1] * down[0]
    wide, high = art.size
    step = 1 / stage.unit
    x0 = (box.left - stage.size * 0.5) * step + stage.camera.x - corner[0]
    y0 = (stage.size * 0.5 - box.top) * step + stage.camera.y - corner[1]
    matrix = (
        down[1] * step / det * wide, down[0] * step / det * wide, (x0 * down[1] - y0 * down[0]) / det * wide + 2,
        -along[1] * step / det * high, -along[0] * step / det * high, (y0 * along[0] - x0 * along[1]) / det * high + 2,
    )  # fmt: skip
    size = (box.right - box.left, box.bottom - box.top)
    art = Image.fromarray(np.pad(np.asarray(art), ((2, 2), (2, 2), (0, 0)), mode="edge"))
    return decode(np.asarray(art.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC)))


def _poly_fill(stage: Stage, points: list[Point], tint: str, shade: float, lines: float = 0.0) -> None:
    """Fill a polygon, with the fine lines of a block of pages when asked."""
    box = stage.box(
        min(x for x, _y in points), max(x for x, _y in points), min(y for _x, y in points), max(y for _x, y in points)
    )
    if box.empty:
        return
    wide, high = box.right - box.left, box.bottom - box.top
    image = Image.new("L", (wide * 3, high * 3), 0)
    ImageDraw.Draw(image).polygon(
        [((stage.px(x) - box.left) * 3, (stage.py(y) - box.top) * 3) for x, y in points], fill=255
    )
    mask = np.asarray(image.reduce(3), dtype=np.float32) / 255
    _x, up = stage.grid(box)
    tone = np.broadcast_to(linear(tint) * np.float32(shade), (3, high, wide))
    if lines:
        tone = tone * (1 - 0.10 * np.sin(up * np.float32(2 * math.pi / lines)))[None]
    stage.lay(box, tone.astype(np.float32), mask)


def _book(
    stage: Stage, spec: ArtSpec, middle: Point, size: tuple[float, float], tint: str, *, turned: float, thick: float
) -> None:
    """Draw a notebook lying on the table, seen from above, turned a little; its pages show along two edges."""
    wide, high = size
    cos, sin = math.cos(turned), math.sin(turned)
    along, down = (wide * cos, wide * sin), (high * sin, -high * cos)
    x, y = middle
    corner = (x - (along[0] + down[0]) / 2, y - (along[1] + down[1]) / 2)
    lower = (corner[0] + down[0], corner[1] + down[1])
    far = (lower[0] + along[0], lower[1] + along[1])
    right = (corner[0] + along[0], corner[1] + along[1])
    ground = [(px, py - thick) for px, py in (corner, right, far, lower)]
    for off, blur, strength in ((0.008, 0.008, 0.55), (0.03, 0.025, 0.40), (0.06, 0.06, 0.22)):
        stage.shadow([[(px + stage.side * off, py - off * 0.6) for px, py in ground]], blur, strength)
    _pages(stage, (corner, right, far, lower), thick, tint)
    art = cover(spec, max(48, round(wide * stage.unit)), high / wide, tint)
    _warp(
        stage, art, corner, along, down, texture=0.05 if spec.design in {"notebook.plain", "notebook.stack"} else 0.012
    )
    if spec.design not in {"notebook.stack", "notebook.marble"}:
        _elastic(stage, spec, corner, along, down)


def _pages(stage: Stage, corners: tuple[Point, Point, Point, Point], thick: float, tint: str) -> None:
    """Draw what shows of the block of pages and of the back cover: below, and along the side turned to the camera."""
    corner, right, far, lower = corners

    def side(first: Point, last: Point, top: float, low: float) -> list[Point]:
        return [
            (first[0], first[1] - top),
            (last[0], last[1] - top),
            (last[0], last[1] - low),
            (first[0], first[1] - low),
        ]

    _poly_fill(stage, side((lower[0] + 0.006, lower[1]), (far[0] - 0.006, far[1]), 0.0, thick), "#efe8d8", 0.80, 0.0042)
    if lower[0] > corner[0]:
        _poly_fill(stage, side(lower, corner, 0.0, thick), tint, 0.55)
    else:
        _poly_fill(stage, side(far, right, 0.0, thick), "#efe8d8", 0.66, 0.0042)
    _poly_fill(stage, side(lower, far, thick - 0.004, thick + 0.002), tint, 0.5)


def _elastic(stage: Stage, spec: ArtSpec, corner: Point, along: Point, down: Point) -> None:
    start = (corner[0] + along[0] * 0.88, corner[1] + along[1] * 0.88)
    end = (start[0] + down[0], start[1] + down[1])
    shadow = bar(
        stage, [(start[0] + 0.004 * stage.side, start[1] - 0.002), (end[0] + 0.004 * stage.side, end[1])], 0.0085
    )
    stage.shade(shadow.box, shadow.mask, 0.30)
    band = bar(stage, [start, end], 0.0068, 0.6)
    stage.lay(
        band.box, light(stage, band.normal, linear(blend(spec.palette[1], spec.palette[0], 0.15)), SATIN), band.mask
    )


def _notebook(spec: ArtSpec, view: int, size: int) -> Image.Image:
    camera = Camera(0, 0, 1.0, 1.0) if view < 2 else Camera(-0.06, 0.10, 2.0, 1.0)
    stage = Stage(size, camera, mirrored=view == 1, seed=spec.seed + view)
    wall, floor = paper("paper", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, 0.1, 0.6)
    lean = 0.16 * (1 if spec.seed % 2 else -1) * (0.5 + (spec.seed % 7) / 7)
    tints = [spec.palette[0]]
    if spec.design == "notebook.stack":
        tints = [
            blend(spec.palette[0], spec.palette[2], 0.55),
            blend(spec.palette[1], spec.palette[0], 0.2),
            spec.palette[0],
        ]
    if view == 1 and len(tints) == 1:
        tints = [blend(spec.palette[0], spec.palette[1], 0.75), spec.palette[0]]
    books = [
        (
            (0.05 * (len(tints) - 1) - 0.10 * place, 0.05 * (len(tints) - 1) - 0.075 * place),
            tint,
            lean + 0.14 * (place - 1) * (len(tints) > 1),
        )
        for place, tint in enumerate(tints)
    ]
    for place, (middle, tint, turned) in enumerate(books):
        if place:
            _soft_shadow(stage, middle, (0.44, 0.60), turned)
        _book(stage, spec, middle, (0.44, 0.60), tint, turned=turned, thick=0.026)
    if view == 0 and spec.seed % 3 == 0:
        _pencil(stage, (0.33, -0.24), (0.40, 0.26), spec.palette[1])
    return stage.finish()


def _soft_shadow(stage: Stage, middle: Point, size: tuple[float, float], turned: float) -> None:
    """Darken what already lies on the table under a thing that comes on top of it."""
    reach = max(size) * 0.75
    box = stage.box(middle[0] - reach, middle[0] + reach, middle[1] - reach, middle[1] + reach)
    if box.empty:
        return
    x, y = stage.grid(box)
    dx, dy = x - np.float32(middle[0] + 0.016 * stage.side), y - np.float32(middle[1] - 0.036)
    cos, sin = np.float32(math.cos(turned)), np.float32(math.sin(turned))
    u, v = np.abs(dx * cos + dy * sin), np.abs(-dx * sin + dy * cos)
    mask = smooth(size[0] / 2 + 0.022, size[0] / 2 - 0.022, u) * smooth(size[1] / 2 + 0.022, size[1] / 2 - 0.022, v)
    stage.shade(box, mask, 0.45)


def _pencil(stage: Stage, foot: Point, tip: Point, tint: str) -> None:
    dx, dy = tip[0] - foot[0], tip[1] - foot[1]
    for off, strength in ((0.010, 0.30), (0.005, 0.35)):
        fall = bar(
            stage, [(foot[0] + off * stage.side, foot[1] - off), (tip[0] + off * stage.side, tip[1] - off)], 0.013
        )
        stage.shade(fall.box, smooth(0.0, 1.0, fall.mask), strength)
    for start, end, first, last, code in (
        (0.0, 0.88, 0.0115, 0.0115, tint),
        (0.88, 0.97, 0.0115, 0.004, "#d9b384"),
        (0.965, 1.0, 0.0042, 0.001, "#33302d"),
    ):
        piece = bar(
            stage,
            [(foot[0] + dx * start, foot[1] + dy * start), (foot[0] + dx * end, foot[1] + dy * end)],
            [first, last],
        )
        stage.lay(piece.box, light(stage, piece.normal, linear(code), WOOD), piece.mask)


def _card(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Draw the card on its envelope, or a fan of them."""
    stage = Stage(size, Camera(0, 0, 1.0, 1.0), mirrored=view == 1, seed=spec.seed + view)
    wall, floor = paper("paper", spec.palette[0] if spec.seed % 2 else "#f5efe3", spec.seed, view)
    stage.sweep(wall, floor, 0.1, 0.6)
    lean = 0.20 * (1 if spec.seed % 3 else -1)
    envelope = Image.new("RGB", (64, 48), blend(spec.palette[1], "#e9dfca", 0.55))
    for off, blur, strength in ((0.006, 0.007, 0.5), (0.02, 0.02, 0.35)):
        stage.shadow([_turned((0.05 + off * stage.side, -0.02 - off), (0.66, 0.46), lean)], blur, strength)
    corner, along, down = _axes((0.05, -0.02), (0.66, 0.46), lean)
    _warp(stage, envelope, corner, along, down)
    flap = [
        corner,
        (corner[0] + along[0], corner[1] + along[1]),
        (corner[0] + along[0] / 2 + down[0] * 0.58, corner[1] + along[1] / 2 + down[1] * 0.58),
    ]
    _poly_fill(stage, flap, blend(blend(spec.palette[1], "#e9dfca", 0.55), "#ffffff", 0.12), 0.97)
    art = card(spec, max(48, round(0.40 * stage.unit)))
    spots = [((-0.03, 0.0), -0.06)] if view == 0 else [((-0.13, 0.02), 0.16), ((0.11, 0.0), -0.10)]
    for middle, turned in spots:
        _soft_shadow(stage, (middle[0], middle[1] + 0.02), (0.405, 0.565), turned)
        corner, along, down = _axes(middle, (0.405, 0.567), turned)
        _warp(stage, art, corner, along, down)
    return stage.finish()


def _axes(middle: Point, size: tuple[float, float], turned: float) -> tuple[Point, Point, Point]:
    cos, sin = math.cos(turned), math.sin(turned)
    along, down = (size[0] * cos, size[0] * sin), (size[1] * sin, -size[1] * cos)
    return (middle[0] - (along[0] + down[0]) / 2, middle[1] - (along[1] + down[1]) / 2), along, down


def _turned(middle: Point, size: tuple[float, float], turned: float) -> list[Point]:
    corner, along, down = _axes(middle, size, turned)
    x, y = corner
    return [
        corner,
        (x + along[0], y + along[1]),
        (x + along[0] + down[0], y + along[1] + down[1]),
        (x + down[0], y + down[1]),
    ]


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the paper goods: 0 whole, 1 another arrangement, 2 close."""
    kind = spec.design.split(".")[0]
    return {"notebook": _notebook, "card": _card, "pot": desk.draw}[kind](spec, view, size)
