"""Draws wood: boards leaning on the wall, turned mills and bowls, painted toys."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from marketplace.imports.demo.art import noise, toys
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, linear, smooth
from marketplace.imports.demo.art.grain import boards, ends
from marketplace.imports.demo.art.lathe import Surface, curve, ground_shadow, join, line, turn
from marketplace.imports.demo.art.lathework import timber, turned
from marketplace.imports.demo.art.light import SATIN, WOOD, Material, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage, ellipse
from marketplace.imports.demo.art.tube import bar, bend
from marketplace.imports.demo.art.vessels import vessel

_STEEL = Material(gloss=2.2, rough=0.16)
Point = tuple[float, float]


def _superellipse(wide: float, high: float, power: float, y: float) -> list[Point]:
    points = []
    for a in np.linspace(0, 2 * math.pi, 160, endpoint=False):
        c, s = math.cos(a), math.sin(a)
        points.append(
            (wide * math.copysign(abs(c) ** (2 / power), c), y + high * math.copysign(abs(s) ** (2 / power), s))
        )
    return points


def _outline(design: str, chance: np.random.Generator) -> list[list[Point]]:
    """Return the shapes that make up a board's front, in world units, standing on y = -0.31."""
    name = design.split(".")[1]
    if name == "round":
        return [[(0.31 * math.cos(a), 0.31 * math.sin(a)) for a in np.linspace(0, 6.283, 200)]]
    if name == "paddle":
        wide = 0.185 + 0.02 * chance.random()
        return [
            _superellipse(wide, 0.235, 5.0, -0.085),
            _superellipse(0.040, 0.16, 4.0, 0.20),
            _superellipse(0.052, 0.045, 2.4, 0.325),
        ]
    if name == "bread":
        return [_superellipse(0.22, 0.32, 7.0 + 3 * chance.random(), 0.0)]
    if name == "small":
        return [_superellipse(0.34, 0.205, 9.0, -0.105)]
    return [_superellipse(0.30, 0.23, 16.0, -0.08)]


def _board(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Draw a board leaning against the wall, its grain upright and its edge rounded."""
    chance = noise.generator(spec.seed)
    stage = Stage(size, Camera(0, 0.0, 1.06 if view == 0 else 1.0, 0.2), mirrored=view == 1, seed=spec.seed + view)
    if view == 2:
        stage.camera = Camera(0.04, -0.08, 2.3, 0.2)
    wall, floor = paper("wood", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, -0.24, 0.02)
    shapes = _outline(spec.design, chance)
    low = min(y for shape in shapes for _x, y in shape)
    for off, blur, strength in ((0.02, 0.012, 0.35), (0.06, 0.04, 0.36), (0.11, 0.08, 0.2)):
        stage.shadow([[(x + stage.side * off, y - off * 0.15) for x, y in shape] for shape in shapes], blur, strength)
    wide = max(x for x, _y in shapes[0]) * (0.35 if "round" in spec.design else 1.0)
    stage.shadow([ellipse(stage.side * 0.01, low - 0.002, wide * 0.96, 0.010)], 0.009, 0.72)
    box = stage.box(-0.40, 0.40, low - 0.01, 0.40)
    mask, inside = _shape_mask(stage, box.left, box.top, (box.right - box.left, box.bottom - box.top), shapes)
    across, up = stage.grid(box)
    across, up = np.broadcast_arrays(across, up)
    streak = _face(spec, across, up)
    bevel = np.clip(inside / np.float32(0.016), 0, 1)
    gy, gx = np.gradient((np.sqrt(1 - (1 - bevel) ** 2) * np.float32(0.016 * stage.unit)).astype(np.float32))
    lean = 0.16
    normal = np.stack([-gx, gy + lean, np.ones_like(gx)])
    normal = (normal / np.sqrt((normal * normal).sum(axis=0))).astype(np.float32)
    colour = light(stage, normal, timber(spec, streak), WOOD, 0.86 + 0.14 * smooth(low, low + 0.12, up))
    stage.lay(box, colour, mask)
    _hole(stage, spec)
    return stage.finish()


def _face(spec: ArtSpec, across: Array, up: Array) -> Array:
    """Return the grain on a board's front: along it, or the ends of many blocks glued together."""
    if spec.design == "board.small":
        return boards(up + 0.2, across, spec.seed)
    if spec.design != "board.block":
        return boards(across + 0.2, up, spec.seed)
    cell = np.float32(0.075)
    column = np.floor(across / cell)
    high = up / cell + 0.5 * (column % 2)
    tile = column * 7 + np.floor(high) * 13
    rings = ends(across + np.sin(tile * 1.7) * 0.4, up + np.cos(tile * 2.3) * 0.4, spec.seed)
    streak = np.clip(rings * 0.55 + 0.28 * np.sin(tile * 3.1) + 0.2, 0, 1)
    joint = np.maximum(np.abs(np.mod(across / cell, 1) - 0.5), np.abs(np.mod(high, 1) - 0.5)) > 0.485
    return np.where(joint, np.float32(1.0), streak)


def _shape_mask(
    stage: Stage, left: int, top: int, size: tuple[int, int], shapes: list[list[Point]]
) -> tuple[Array, Array]:
    """Return coverage of the joined shapes and the distance to their edge in world units (up to 0.02)."""
    image = Image.new("L", (size[0] * 3, size[1] * 3), 0)
    pen = ImageDraw.Draw(image)
    for shape in shapes:
        pen.polygon([((stage.px(x) - left) * 3, (stage.py(y) - top) * 3) for x, y in shape], fill=255)
    mask = np.asarray(image.reduce(3), dtype=np.float32) / 255
    radius = 0.011 * stage.unit
    soft = np.asarray(image.reduce(3).filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / 255
    return mask, np.clip((soft - 0.5) * np.float32(0.032), 0, None)


def _hole(stage: Stage, spec: ArtSpec) -> None:
    """Bore the hole a board hangs by; a leather loop goes through it."""
    if spec.design not in {"board.paddle", "board.bread"}:
        return
    y = 0.325 if spec.design == "board.paddle" else 0.265
    ring = bar(stage, [(0.0, y), (0.0005, y)], 0.016)
    stage.lay(ring.box, linear("#3a2c20") * np.ones((3, *ring.mask.shape), dtype=np.float32), ring.mask)
    loop = [
        (0.0, y),
        (0.028, y - 0.035),
        (0.030, y - 0.085),
        (0.0, y - 0.11),
        (-0.026, y - 0.08),
        (-0.020, y - 0.03),
        (0.0, y),
    ]
    cord = bar(stage, bend(loop, 36), 0.0042)
    stage.shade(cord.box, cord.mask, 0.3)
    stage.lay(cord.box, light(stage, cord.normal, linear("#8a5a36"), SATIN), cord.mask)


_MILLS: dict[str, list[Point]] = {
    "classic": [
        (0.095, 0.004),
        (0.098, 0.03),
        (0.078, 0.06),
        (0.066, 0.15),
        (0.060, 0.24),
        (0.078, 0.30),
        (0.080, 0.335),
        (0.070, 0.345),
    ],
    "tall": [
        (0.085, 0.004),
        (0.088, 0.02),
        (0.070, 0.05),
        (0.058, 0.18),
        (0.052, 0.33),
        (0.064, 0.41),
        (0.066, 0.445),
        (0.058, 0.452),
    ],
    "pear": [
        (0.105, 0.004),
        (0.135, 0.04),
        (0.138, 0.09),
        (0.100, 0.18),
        (0.066, 0.245),
        (0.062, 0.28),
        (0.058, 0.286),
    ],
}
_HEADS: dict[str, list[Point]] = {
    "classic": [(0.064, 0.350), (0.082, 0.362), (0.086, 0.405), (0.064, 0.445), (0.022, 0.458), (0.0, 0.46)],
    "tall": [(0.052, 0.456), (0.062, 0.47), (0.066, 0.51), (0.046, 0.545), (0.016, 0.552), (0.0, 0.553)],
    "pear": [(0.056, 0.290), (0.062, 0.30), (0.060, 0.345), (0.044, 0.385), (0.018, 0.396), (0.0, 0.397)],
}


def _mill(spec: ArtSpec, view: int, size: int) -> Image.Image:
    name = spec.design.split(".")[1]
    high = _HEADS[name][-1][1] + 0.035
    stage = Stage(
        size, Camera(0, high * 0.5 - 0.01, 1.22 if view == 0 else 1.9, 0.2), mirrored=view == 1, seed=spec.seed + view
    )
    if view:
        stage.camera = Camera(0.0, high * 0.72, 1.9, 0.24)
    wall, floor = paper("wood", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, 0.15, 0.1)
    chance = noise.generator(spec.seed)
    swell = 0.95 + 0.1 * chance.random()
    body = curve([(r * swell, y) for r, y in _MILLS[name]])
    head = curve([(r * swell, y) for r, y in _HEADS[name]], 80)
    ground_shadow(
        stage, join(line([(float(body.r[0]) * 0.97, 0), (float(body.r[0]), 0.004)], 3), body, head), 0, 0, 0.55
    )
    turned(stage, spec, body)
    seam = line(
        [(float(head.r[0]) * 0.93, float(body.y[-1]) - 0.004), (float(head.r[0]) * 0.93, float(head.y[0]) + 0.008)], 6
    )
    ring = turn(stage, seam)
    stage.lay(ring.box, light(stage, ring.normal, linear("#6f6c66"), _STEEL), ring.mask)
    turned(stage, spec, head, seed=4)
    top = _HEADS[name][-1][1]
    knob = curve([(0.010, top - 0.002), (0.017, top + 0.010), (0.014, top + 0.024), (0.0, top + 0.030)], 30)
    brass = turn(stage, knob)
    stage.lay(brass.box, light(stage, brass.normal, linear("#8f8d88"), _STEEL), brass.mask)
    return stage.finish()


def _bowl(spec: ArtSpec, view: int, size: int) -> Image.Image:
    pot = vessel(spec.design, noise.generator(spec.seed))
    zoom = 1.12 if view == 0 else 1.0 if view == 1 else 2.1
    stage = Stage(
        size,
        Camera(0.0 if view < 2 else -0.1, pot.height * 0.45, zoom, pot.pitch + 0.10 * view),
        mirrored=view == 1,
        seed=spec.seed + view,
    )
    wall, floor = paper("wood", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, 0.2, 0.16)
    ground_shadow(stage, pot.outside, 0, 0, 0.55)
    body = turn(stage, pot.outside, both_sides=False)
    parts: list[tuple[Surface, Array]] = [(body, np.clip(0.5 + body.y / np.float32(0.09), 0, 1))]
    if pot.inside is not None and pot.edge is not None:
        inner = turn(stage, pot.inside, cover=pot.edge)
        depth = np.maximum(pot.height - inner.y, 0) / np.float32(pot.outside.widest)
        parts.append((inner, np.clip(1.08 - 0.55 * depth, 0.3, 1)))
    for surface, shade in parts:
        across, deep = surface.r * np.sin(surface.angle), surface.r * np.cos(surface.angle)
        streak = boards(across * 0.9 + surface.y * 0.5 + 0.3, deep * 0.8, spec.seed)
        stage.lay(surface.box, light(stage, surface.normal, timber(spec, streak), WOOD, shade), surface.mask)
    return stage.finish()


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the wooden thing: 0 whole, 1 other light or arrangement, 2 close."""
    kind = spec.design.split(".")[0]
    return {"board": _board, "mill": _mill, "bowl": _bowl, "toy": toys.draw}[kind](spec, view, size)
