"""Draws wood: boards leaning on the wall, turned mills and bowls, painted toys."""

import math

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, blend, linear, mix, smooth
from marketplace.imports.demo.art.grain import boards, ends
from marketplace.imports.demo.art.lathe import Profile, Surface, curve, ground_shadow, join, line, turn
from marketplace.imports.demo.art.light import SATIN, WOOD, Material, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage, ellipse
from marketplace.imports.demo.art.tube import bar
from marketplace.imports.demo.art.vessels import vessel

_PAINT = Material(gloss=0.16, rough=0.34, wrap=0.3)
_STEEL = Material(gloss=2.2, rough=0.16)
Point = tuple[float, float]


def timber(spec: ArtSpec, streak: Array) -> Array:
    """Return wood's colour where the grain is light (0) or dark (1)."""
    return mix(linear(spec.palette[0]), linear(spec.palette[1]), streak[None])


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
    if spec.design == "board.block":
        cell = np.float32(0.075)
        column, row = np.floor(across / cell), np.floor(up / cell + 0.5 * (np.floor(across / cell) % 2))
        tile = (column * 7 + row * 13).astype(np.float32)
        streak = ends(across + np.sin(tile * 1.7) * 0.4, up + np.cos(tile * 2.3) * 0.4, spec.seed)
        streak = np.clip(streak * 0.55 + 0.28 * np.sin(tile * 3.1) + 0.2, 0, 1)
        joint = np.minimum(
            np.abs(np.mod(across / cell, 1) - 0.5), np.abs(np.mod(up / cell + 0.5 * (column % 2), 1) - 0.5)
        )
        streak = np.maximum(
            streak,
            smooth(0.485, 0.5, 0.5 - 0.0 * joint)
            * (
                np.maximum(
                    np.abs(np.mod(across / cell, 1) - 0.5), np.abs(np.mod(up / cell + 0.5 * (column % 2), 1) - 0.5)
                )
                > 0.485
            ),
        )
    elif spec.design == "board.small":
        streak = boards(up + 0.2, across, spec.seed)
    else:
        streak = boards(across + 0.2, up, spec.seed)
    bevel = np.clip(inside / np.float32(0.016), 0, 1)
    gy, gx = np.gradient((np.sqrt(1 - (1 - bevel) ** 2) * np.float32(0.016 * stage.unit)).astype(np.float32))
    lean = 0.16
    normal = np.stack([-gx, gy + lean, np.ones_like(gx)])
    normal = (normal / np.sqrt((normal * normal).sum(axis=0))).astype(np.float32)
    colour = light(stage, normal, timber(spec, streak), WOOD, 0.86 + 0.14 * smooth(low, low + 0.12, up))
    stage.lay(box, colour, mask)
    _hole(stage, spec)
    return stage.finish()


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
    cord = bar(stage, loop, 0.0042)
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


def _turned(
    stage: Stage,
    spec: ArtSpec,
    profile: Profile,
    x: float = 0.0,
    z: float = 0.0,
    tint: str | None = None,
    seed: int = 0,
) -> None:
    """Draw a turned piece: grain along the axis, or paint through which a little grain shows."""
    surface = turn(stage, profile, x, z)
    if surface.box.empty:
        return
    across = surface.r * np.sin(surface.angle)
    deep = surface.r * np.cos(surface.angle)
    streak = boards(across * 0.8 + deep * 0.35 + 0.3, surface.y * 1.0, spec.seed + seed)
    if tint is None:
        colour = timber(spec, streak)
    else:
        colour = linear(tint) * (1.04 - 0.14 * streak)[None]
    floor = np.clip(0.55 + surface.y / np.float32(0.08), 0, 1)
    stage.lay(surface.box, light(stage, surface.normal, colour, WOOD if tint is None else _PAINT, floor), surface.mask)


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
    _turned(stage, spec, body)
    seam = line(
        [(float(head.r[0]) * 0.93, float(body.y[-1]) - 0.004), (float(head.r[0]) * 0.93, float(head.y[0]) + 0.008)], 6
    )
    ring = turn(stage, seam)
    stage.lay(ring.box, light(stage, ring.normal, linear("#6f6c66"), _STEEL), ring.mask)
    _turned(stage, spec, head, seed=4)
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


def _rings(stage: Stage, spec: ArtSpec) -> None:
    """Draw a peg with rings stacked by size and a ball on top."""
    y, tints = 0.0, spec.palette[2:7]
    pieces: list[tuple[Profile, str | None]] = [
        (curve([(0.15, 0.0), (0.158, 0.012), (0.15, 0.024), (0.02, 0.026)], 30), None)
    ]
    y = 0.026
    for place in range(5):
        r, high = 0.150 - 0.017 * place, 0.066
        pieces.append(
            (
                curve(
                    [
                        (r * 0.55, y),
                        (r * 0.93, y + 0.008),
                        (r, y + high / 2),
                        (r * 0.93, y + high - 0.008),
                        (r * 0.5, y + high),
                        (0.018, y + high),
                    ],
                    44,
                ),
                tints[(place + spec.seed) % 5],
            )
        )
        y += high
    pieces.append(
        (
            curve([(0.012, y), (0.045, y + 0.014), (0.056, y + 0.050), (0.036, y + 0.092), (0.0, y + 0.103)], 40),
            tints[(spec.seed + 2) % 5],
        )
    )
    _stack(stage, spec, pieces, 0.0, 0.0)


def _stack(stage: Stage, spec: ArtSpec, pieces: list[tuple[Profile, str | None]], x: float, z: float) -> None:
    for place, (profile, tint) in enumerate(pieces):
        _turned(stage, spec, profile, x, z, tint, place)


def _top(stage: Stage, spec: ArtSpec, x: float, z: float, tints: tuple[str, ...]) -> None:
    """Draw a spinning top standing on its point."""
    low = curve([(0.004, 0.0), (0.012, 0.02), (0.075, 0.065), (0.150, 0.115), (0.158, 0.130)], 40)
    band = curve([(0.158, 0.130), (0.156, 0.150), (0.120, 0.168)], 20)
    upper = curve(
        [
            (0.120, 0.168),
            (0.060, 0.182),
            (0.026, 0.20),
            (0.018, 0.25),
            (0.017, 0.31),
            (0.022, 0.325),
            (0.012, 0.338),
            (0.0, 0.34),
        ],
        50,
    )
    _stack(stage, spec, [(low, tints[0]), (band, tints[1]), (upper, None)], x, z)


def _peg(stage: Stage, spec: ArtSpec, x: float, z: float, scale: float, tint: str, hat: str) -> None:
    """Draw a peg person: painted coat, wooden face, cap."""

    def grown(points: list[Point]) -> list[Point]:
        return [(r * scale, y * scale) for r, y in points]

    coat = curve(grown([(0.072, 0.0), (0.078, 0.012), (0.072, 0.10), (0.050, 0.190), (0.034, 0.215)]), 50)
    face = curve(grown([(0.030, 0.213), (0.058, 0.235), (0.066, 0.275), (0.062, 0.300)]), 30)
    cap = curve(grown([(0.066, 0.292), (0.062, 0.318), (0.038, 0.345), (0.0, 0.355)]), 30)
    _stack(stage, spec, [(coat, tint), (face, None), (cap, hat)], x, z)
    high = stage.project(0.268 * scale, z)
    for side in (-1, 1):
        eye = bar(stage, [(x + side * 0.017 * scale, high), (x + side * 0.017 * scale, high + 0.002)], 0.0040 * scale)
        stage.lay(eye.box, linear("#2c241e") * np.ones((3, *eye.mask.shape), dtype=np.float32), eye.mask)
    cheek = bar(stage, [(x - 0.035 * scale, high - 0.016), (x - 0.034 * scale, high - 0.016)], 0.009 * scale)
    stage.lay(cheek.box, linear("#d98a76") * np.ones((3, *cheek.mask.shape), dtype=np.float32), cheek.mask * 0.4)


def _toys(spec: ArtSpec, view: int, size: int) -> Image.Image:
    name = spec.design.split(".")[1]
    tints = spec.palette[2:7]
    high = {"rings": 0.46, "top": 0.34, "pegs": 0.36, "domes": 0.30, "skittles": 0.40}[name]
    stage = Stage(
        size, Camera(0, high * 0.47, 1.2 if view == 0 else 1.35, 0.26), mirrored=view == 1, seed=spec.seed + view
    )
    wall, floor = paper("wood", tints[0], spec.seed, view)
    stage.sweep(wall, floor, 0.16, 0.1)
    turnabout = view + spec.seed % 3
    if name == "rings":
        ground_shadow(stage, line([(0.15, 0), (0.13, 0.36), (0.05, 0.45)], 14), 0, 0, 0.5)
        _rings(stage, spec)
    elif name == "top":
        spots = [(0.17, -0.22), (-0.10, 0.0)]
        for x, z in spots:
            ground_shadow(stage, line([(0.02, 0), (0.15, 0.13), (0.02, 0.3)], 12), x, z, 0.5)
        for place, (x, z) in enumerate(spots):
            _top(stage, spec, x, z, (tints[(place * 2 + turnabout) % 5], tints[(place * 2 + 1 + turnabout) % 5]))
    elif name == "pegs":
        people = [
            (-0.22, -0.12, 0.92),
            (0.0, -0.16, 1.08),
            (0.22, -0.12, 0.90),
            (-0.12, 0.14, 0.78),
            (0.12, 0.16, 0.74),
        ]
        for x, z, scale in people:
            ground_shadow(stage, line([(0.075 * scale, 0), (0.06 * scale, 0.35 * scale)], 10), x, z, 0.45)
        for place, (x, z, scale) in enumerate(people):
            _peg(stage, spec, x, z, scale, tints[(place + turnabout) % 5], tints[(place + 2 + turnabout) % 5])
    elif name == "domes":
        _domes(stage, spec, tints, turnabout)
    else:
        _skittles(stage, spec, tints, turnabout)
    return stage.finish()


def _domes(stage: Stage, spec: ArtSpec, tints: tuple[str, ...], turnabout: int) -> None:
    spots = [(0.16, -0.26, 0.150), (-0.12, -0.10, 0.180), (0.22, 0.12, 0.115), (-0.02, 0.26, 0.080)]

    def dome(r: float) -> Profile:
        return curve(
            [
                (r * 0.96, 0.0),
                (r, 0.01),
                (r * 0.97, r * 0.55),
                (r * 0.72, r * 1.15),
                (r * 0.3, r * 1.42),
                (0.0, r * 1.46),
            ],
            80,
        )

    for x, z, r in spots:
        ground_shadow(stage, dome(r), x, z, 0.5)
    for place, (x, z, r) in enumerate(spots):
        _turned(stage, spec, dome(r), x, z, tints[(place + turnabout) % 5] if place != 3 else None, place)


def _skittles(stage: Stage, spec: ArtSpec, tints: tuple[str, ...], turnabout: int) -> None:
    pin = [
        (0.052, 0.0),
        (0.062, 0.02),
        (0.070, 0.10),
        (0.048, 0.20),
        (0.030, 0.26),
        (0.040, 0.31),
        (0.034, 0.345),
        (0.0, 0.360),
    ]
    spots = [(-0.20, -0.28), (0.0, -0.28), (0.20, -0.28), (-0.10, -0.04), (0.10, -0.04)]
    for x, z in spots:
        ground_shadow(stage, line([(0.055, 0), (0.05, 0.35)], 10), x, z, 0.45)
    ball = curve([(0.02, 0.0), (0.055, 0.018), (0.074, 0.072), (0.058, 0.122), (0.0, 0.146)], 50)
    ground_shadow(stage, ball, 0.24, 0.16, 0.5)
    for place, (x, z) in enumerate(spots):
        whole = curve(pin, 90)
        neck = whole.y > 0.235
        _turned(stage, spec, Profile(whole.r[~neck], whole.y[~neck]), x, z, tints[(place + turnabout) % 5], place)
        _turned(stage, spec, Profile(whole.r[neck], whole.y[neck]), x, z, None, place)
    _turned(stage, spec, ball, 0.24, 0.16, blend(tints[(turnabout + 1) % 5], "#ffffff", 0.1), 9)


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the wooden thing: 0 whole, 1 other light or arrangement, 2 close."""
    kind = spec.design.split(".")[0]
    return {"board": _board, "mill": _mill, "bowl": _bowl, "toy": _toys}[kind](spec, view, size)
