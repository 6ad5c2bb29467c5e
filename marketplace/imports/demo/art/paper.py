"""Draws paper goods: notebooks lying or standing, cards with their envelope, pencil pots."""

import math

import numpy as np
from PIL import Image, ImageDraw

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, blend, decode, lightness, linear, mix, smooth
from marketplace.imports.demo.art.ink import Sheet, blob
from marketplace.imports.demo.art.lathe import ground_shadow, join, line, lip, turn
from marketplace.imports.demo.art.light import SATIN, WOOD, light
from marketplace.imports.demo.art.rims import near_lip, opening
from marketplace.imports.demo.art.sleeves_scenic import leaf
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage
from marketplace.imports.demo.art.tube import bar

Point = tuple[float, float]


def _cover(spec: ArtSpec, pixels: int, tall: float, tint: str) -> Array:
    """Return a notebook's cover, planar linear light."""
    first, second, third = tint, spec.palette[1], spec.palette[2]
    sheet = Sheet(pixels, first, tall)
    chance = noise.generator(spec.seed)
    kind = spec.design.split(".")[1]
    if kind == "terrazzo":
        for _chip in range(120):
            size = 0.006 + 0.05 * chance.random() ** 2.2
            ink = (second, third, blend(first, "#000000", 0.25), blend(first, "#ffffff", 0.4))[int(chance.random() * 4)]
            sheet.polygon(blob(chance.random(), chance.random() * tall, size, chance, 0.7, 7), ink)
    elif kind == "waves":
        for row in range(15):
            y, phase = row * tall / 13 - 0.03, row * 0.9 + chance.random()
            path = [(float(x), y + 0.030 * math.sin(float(x) * 8 + phase)) for x in np.linspace(-0.02, 1.02, 60)]
            low = [(x, py + 0.030 + 0.006 * (row % 3)) for x, py in path[::-1]]
            sheet.polygon([*path, *low], second if row % 3 else third)
    elif kind == "marble":
        field = noise.cloud(4, 4, 90 + spec.seed % 9)
        rows, columns = np.mgrid[0:512, 0:512].astype(np.float32) / 512
        warp = noise.cloud(3, 3, 95 + spec.seed % 5)
        bent = noise.sample_soft(
            field,
            columns * 0.8 + warp * 0.5,
            rows * 0.5 + np.roll(warp, 99, 0) * 0.5 + np.float32(spec.seed % 50) * 0.02,
        )
        veins = np.abs(np.sin(bent * 26))
        sheet.cover(sheet.mask().field(smooth(0.55, 0.35, veins)), second)
        sheet.cover(sheet.mask().field(smooth(0.16, 0.06, veins)), third)
        sheet.cover(sheet.mask().field(smooth(0.97, 0.995, veins)), blend(first, "#ffffff", 0.5))
    if kind in {"plain", "stack"}:
        plate = lightness(first) < 0.45
        ink = second if plate else blend(second, "#000000", 0.1)
        sheet.rect(0.30, tall * 0.20, 0.78, tall * 0.20 + 0.004, ink)
        sheet.text(
            0.54,
            tall * 0.20 - 0.022,
            ("Notes", "Ideas", "Field notes", "Everything else")[spec.seed % 4],
            "cormorant-italic",
            0.068,
            ink,
            "mb",
        )
    else:
        sheet.rect(0.0, 0.0, 0.085, tall, blend(first, "#000000", 0.28))
        sheet.rect(0.32, tall * 0.16, 0.76, tall * 0.16 + 0.20, "#f3ecdd")
        sheet.rect(0.36, tall * 0.16 + 0.075, 0.72, tall * 0.16 + 0.079, "#8b8172")
        sheet.rect(0.36, tall * 0.16 + 0.135, 0.72, tall * 0.16 + 0.139, "#8b8172")
    return decode(sheet.done())


def _warp(
    stage: Stage, art: Array, corner: Point, along: Point, down: Point, shade: float = 1.0, texture: float = 0.0
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
    rows, columns = art.shape[1:]
    column = np.clip(u * columns, 0, columns - 1.001)
    row = np.clip(v * rows, 0, rows - 1.001)
    i, j = column.astype(np.int32), row.astype(np.int32)
    a, b = column - i, row - j
    i2, j2 = np.minimum(i + 1, columns - 1), np.minimum(j + 1, rows - 1)
    colour = (art[:, j, i] * (1 - a) + art[:, j, i2] * a) * (1 - b) + (art[:, j2, i] * (1 - a) + art[:, j2, i2] * a) * b
    fall = 1.08 - 0.20 * (u if stage.side > 0 else 1 - u) - 0.10 * v
    if texture:
        fibre = np.sin(u * np.float32(wide * 1.55)) * np.sin(v * np.float32(high * 1.55))
        fall = fall + np.float32(texture) * fibre
    crease = 0.16 * np.exp(-np.abs(u - 0.085) / 0.006)
    edge = 0.10 * np.exp(-inside / (0.0025 * stage.unit))
    stage.lay(
        box,
        (colour * (fall * np.float32(shade) * (1 - crease * (texture > 0)) + edge)[None]).astype(np.float32),
        mask.astype(np.float32),
    )


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
    drop = (0.0, -thick)
    lower = (corner[0] + down[0], corner[1] + down[1])
    far = (lower[0] + along[0], lower[1] + along[1])
    right = (corner[0] + along[0], corner[1] + along[1])
    ground = [(px, py - thick) for px, py in (corner, right, far, lower)]
    for off, blur, strength in ((0.008, 0.008, 0.55), (0.03, 0.025, 0.40), (0.06, 0.06, 0.22)):
        stage.shadow([[(px + stage.side * off, py - off * 0.6) for px, py in ground]], blur, strength)
    inset = 0.006
    _poly_fill(
        stage,
        [
            (lower[0] + inset, lower[1]),
            (far[0] - inset, far[1]),
            (far[0] - inset, far[1] + drop[1]),
            (lower[0] + inset, lower[1] + drop[1]),
        ],
        "#efe8d8",
        0.80,
        0.0042,
    )
    if sin > 0:
        _poly_fill(
            stage,
            [
                (lower[0], lower[1]),
                (corner[0], corner[1]),
                (corner[0], corner[1] + drop[1]),
                (lower[0], lower[1] + drop[1]),
            ],
            tint,
            0.55,
        )
    else:
        _poly_fill(
            stage, [far, right, (right[0], right[1] + drop[1]), (far[0], far[1] + drop[1])], "#efe8d8", 0.66, 0.0042
        )
    _poly_fill(
        stage,
        [
            (lower[0], lower[1] + drop[1] + 0.004),
            (far[0], far[1] + drop[1] + 0.004),
            (far[0], far[1] + drop[1] - 0.002),
            (lower[0], lower[1] + drop[1] - 0.002),
        ],
        tint,
        0.5,
    )
    art = _cover(spec, max(48, round(wide * stage.unit)), high / wide, tint)
    _warp(
        stage, art, corner, along, down, texture=0.05 if spec.design in {"notebook.plain", "notebook.stack"} else 0.012
    )
    if spec.design not in {"notebook.stack", "notebook.marble"}:
        _elastic(stage, spec, corner, along, down)


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


def _card_art(spec: ArtSpec, pixels: int) -> Array:
    tint, second, third = spec.palette[:3]
    pale = spec.seed % 2 == 0
    ground, ink = ("#f5efe3", tint) if pale else (tint, "#f6eedd" if lightness(tint) < 0.6 else second)
    sheet = Sheet(pixels, ground, 1.4)
    chance = noise.generator(spec.seed)
    kind = spec.design.split(".")[1]
    other = second if pale and lightness(second) < 0.8 else third
    if kind == "leaf":
        for place in range(7):
            angle = -math.pi / 2 + (place - 3) * 0.36
            sheet.polygon(leaf(0.5, 1.04, 0.50 + 0.1 * chance.random(), 0.07, angle), ink if place % 2 else other)
    elif kind == "sun":
        for ray in range(24):
            a, b = ray / 24 * 2 * math.pi, (ray + 0.5) / 24 * 2 * math.pi
            sheet.polygon(
                [
                    (0.5 + 0.24 * math.cos(a), 0.66 + 0.24 * math.sin(a)),
                    (0.5 + 0.40 * math.cos((a + b) / 2), 0.66 + 0.40 * math.sin((a + b) / 2)),
                    (0.5 + 0.24 * math.cos(b), 0.66 + 0.24 * math.sin(b)),
                ],
                other,
            )
        sheet.disc(0.5, 0.66, 0.21, ink)
    elif kind == "bird":
        body = [
            (0.24, 0.78),
            (0.38, 0.60),
            (0.56, 0.56),
            (0.70, 0.50),
            (0.80, 0.56),
            (0.72, 0.62),
            (0.66, 0.78),
            (0.48, 0.88),
            (0.30, 0.86),
        ]
        sheet.polygon(_rounded(body), ink)
        sheet.polygon(leaf(0.58, 0.66, 0.34, 0.085, 2.7), other)
        sheet.polygon(leaf(0.34, 0.82, 0.26, 0.04, 2.6), ink)
        sheet.disc(0.715, 0.555, 0.013, ground)
        for leg in (0.48, 0.54):
            sheet.stroke([(leg, 0.86), (leg + 0.02, 1.0)], 0.008, other)
        sheet.stroke([(0.16, 1.0), (0.86, 1.0)], 0.010, other)
    else:
        face = ("dm-serif-display-italic", "cormorant-italic", "syne-800")[spec.seed % 3]
        words = (("Thank", "you"), ("Many", "thanks"), ("So kind", "of you"))[int(chance.random() * 3)]
        for place, row in enumerate(words):
            sheet.text(0.5, 0.56 + place * 0.22, row, face, sheet.fit(row, face, 0.74, 0.27), ink, "mm")
        sheet.rect(0.42, 0.96, 0.58, 0.968, other)
    sheet.texture(0.03, spec.seed)
    return decode(sheet.done())


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


def _card(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Draw the card on its envelope, or a fan of them."""
    stage = Stage(size, Camera(0, 0, 1.0, 1.0), mirrored=view == 1, seed=spec.seed + view)
    wall, floor = paper("paper", spec.palette[0] if spec.seed % 2 else "#f5efe3", spec.seed, view)
    stage.sweep(wall, floor, 0.1, 0.6)
    lean = 0.20 * (1 if spec.seed % 3 else -1)
    envelope = np.broadcast_to(linear(blend(spec.palette[1], "#e9dfca", 0.55)), (3, 8, 8))
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
    art = _card_art(spec, max(48, round(0.40 * stage.unit)))
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


def _pot(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Draw a pot with pencils or brushes in it."""
    stage = Stage(size, Camera(0, 0.235, 1.12 if view == 0 else 1.7, 0.26), mirrored=view == 1, seed=spec.seed + view)
    if view == 1:
        stage.camera = Camera(0.0, 0.30, 1.65, 0.26)
    wall, floor = paper("paper", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, 0.12, 0.08)
    chance = noise.generator(spec.seed)
    wide, tall = 0.115, 0.235
    facets = spec.design == "pot.brushes"
    outer = join(
        line([(wide * 0.95, 0.0), (wide, 0.008)], 4),
        line([(wide, 0.008), (wide * (0.96 if facets else 1.0), tall)], 40),
    )
    ground_shadow(stage, outer, 0, 0, 0.55)
    rim = float(outer.r[-1])
    edge = lip(rim, tall, 0.014)
    inside = turn(stage, join(edge, line([(rim - 0.014, tall), (rim - 0.02, 0.03), (0.0, 0.03)], 30)), cover=edge)
    dark = np.clip(1 - (tall - inside.y) / np.float32(0.20), 0.12, 1)
    stage.lay(inside.box, light(stage, inside.normal, linear(spec.palette[0]), SATIN, dark), inside.mask)
    inks = (spec.palette[1], "#c9573a", "#2f5d86", "#d9a53c", "#3f6b4f", spec.palette[2])
    for place in range(6):
        angle = place / 6 * 6.28 + chance.random() * 0.6
        foot, spread = (0.05 * math.cos(angle), 0.05), 0.085 * math.cos(angle) + 0.02 * (chance.random() - 0.5)
        start = (foot[0], stage.project(foot[1], 0.05 * math.sin(angle)))
        end = (spread * 1.35, stage.project(0.37 + 0.08 * chance.random(), 0.06 * math.sin(angle)))
        _tool(stage, start, end, inks[place], brush=facets)
    body = turn(stage, outer, both_sides=False)
    soft = noise.sample_soft(noise.cloud(6, 5, 3), body.angle * 0.12, body.y * 1.2) - 0.5
    normal = body.normal
    if facets:
        step = np.float32(2 * math.pi / 11)
        flat = (np.floor(body.angle / step) + 0.5) * step
        lean = np.abs(body.angle - flat)
        normal = np.stack([np.sin(flat), body.normal[1], np.cos(flat)])
        normal = (normal / np.sqrt((normal * normal).sum(axis=0))).astype(np.float32)
        soft = soft + 0.6 * smooth(0.24, 0.285, lean)
    glaze = mix(
        linear(spec.palette[0]) * (1 + 0.16 * soft)[None], linear("#b99b7d"), smooth(0.022, 0.018, body.y)[None]
    )
    stage.lay(
        body.box, light(stage, normal, glaze, SATIN), body.mask * (1 - opening(stage, body.box, rim - 0.012, tall))
    )
    near_lip(stage, rim, tall, linear(spec.palette[0]), SATIN)
    return stage.finish()


def _tool(stage: Stage, start: Point, end: Point, tint: str, *, brush: bool) -> None:
    dx, dy = end[0] - start[0], end[1] - start[1]
    parts: tuple[tuple[float, float, float, float, str], ...] = (
        (0.0, 0.90, 0.0105, 0.0105, tint),
        (0.90, 0.965, 0.0105, 0.0042, "#dcb98c"),
        (0.962, 1.0, 0.0042, 0.0010, tint),
    )
    if brush:
        parts = (
            (0.0, 0.74, 0.006, 0.0095, tint),
            (0.74, 0.84, 0.0095, 0.0105, "#b9b6ad"),
            (0.84, 0.90, 0.0115, 0.0140, "#4a3a2c"),
            (0.90, 1.0, 0.0140, 0.0020, "#5b4632"),
        )
    for first, last, thick, thin, code in parts:
        piece = bar(
            stage,
            [(start[0] + dx * first, start[1] + dy * first), (start[0] + dx * last, start[1] + dy * last)],
            [thick, thin],
        )
        stage.lay(piece.box, light(stage, piece.normal, linear(code), WOOD), piece.mask)


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the paper goods: 0 whole, 1 another arrangement, 2 close."""
    kind = spec.design.split(".")[0]
    return {"notebook": _notebook, "card": _card, "pot": _pot}[kind](spec, view, size)
