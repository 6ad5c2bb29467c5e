"""Draws plants in pots, and pots."""

import math
from dataclasses import replace

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.cactus import barrel, columns, paddles, rosette
from marketplace.imports.demo.art.colour import Array, blend, linear, mix, smooth
from marketplace.imports.demo.art.lathe import Profile, curve, ground_shadow, join, line, lip, turn
from marketplace.imports.demo.art.leaves import Fronds, blade, frond, lit_tint, stalk
from marketplace.imports.demo.art.light import GLOSS, MATT, Material, light
from marketplace.imports.demo.art.rims import near_lip, opening
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage, ellipse

Point = tuple[float, float]


def _shell(kind: str, chance: np.random.Generator) -> tuple[list[Point], bool]:
    """Return a pot's outside and whether it stands in a saucer."""
    shapes: dict[str, list[Point]] = {
        "tapered": [(0.115, 0.004), (0.122, 0.02), (0.150, 0.14), (0.168, 0.25), (0.174, 0.275)],
        "belly": [(0.110, 0.004), (0.150, 0.035), (0.185, 0.12), (0.176, 0.20), (0.152, 0.250), (0.156, 0.270)],
        "saucer": [(0.110, 0.018), (0.118, 0.03), (0.140, 0.15), (0.148, 0.215), (0.166, 0.218), (0.168, 0.270)],
        "footed": [
            (0.090, 0.004),
            (0.086, 0.03),
            (0.070, 0.06),
            (0.110, 0.09),
            (0.170, 0.16),
            (0.182, 0.25),
            (0.178, 0.285),
        ],
    }
    vary = 0.95 + 0.1 * float(chance.random())
    return [(r * vary, y) for r, y in shapes[kind]], kind == "saucer"


def _clay(spec: ArtSpec, tint: str, angle: Array, y: Array, r: Array) -> tuple[Array, Material]:
    """Return a pot's colour: raw terracotta with lime bloom, matt or glossy glaze, speckle."""
    finish = spec.param("pot", "matt")
    u = angle * np.maximum(r, 0.02) + np.float32(spec.seed % 31) * np.float32(0.1)
    soft = noise.sample_soft(noise.cloud(6, 5, 3), u * 1.3, y * 1.3) - 0.5
    colour = linear(tint) * (1 + 0.20 * soft)[None]
    if finish == "raw":
        bloom = smooth(0.02, 0.55, soft + 0.10 * np.sin(y * 30))
        colour = mix(colour, linear("#e8d3c0"), (bloom * 0.30)[None])
        return colour, MATT
    if finish == "speckle":
        dots = smooth(0.80, 0.92, noise.sample_soft(noise.cloud(220, 1, 17), u * 1.9, y * 1.9))
        colour = mix(colour, linear("#6b543c"), (dots * 0.8)[None])
    return colour, GLOSS if finish == "gloss" else MATT


def _front(stage: Stage, spec: ArtSpec, tint: str, points: list[Point]) -> None:
    """Draw the near wall of a pot again, over what was planted inside."""
    outer = curve(points)
    rim_r, rim_y = float(outer.r[-1]), float(outer.y[-1])
    body = turn(stage, outer, both_sides=False)
    if body.box.empty:
        return
    colour, material = _clay(spec, tint, body.angle, body.y, body.r)
    floor = np.clip(0.5 + body.y / np.float32(0.09), 0, 1)
    _across, up = stage.grid(body.box)
    below = np.clip((np.float32(rim_y * stage.cos) - up) * np.float32(stage.unit) + 0.5, 0, 1)
    mask = body.mask * (1 - opening(stage, body.box, rim_r - 0.008, rim_y)) * below
    stage.lay(body.box, light(stage, body.normal, colour, material, floor), mask.astype(np.float32))
    near_lip(stage, rim_r, rim_y, linear(tint), material)


def _pot(stage: Stage, spec: ArtSpec, tint: str, points: list[Point], saucer: bool, *, soil: bool) -> float:
    """Draw a pot, filled with soil unless it is for sale by itself; return the height of the soil."""
    if saucer:
        dish = curve([(0.130, 0.002), (0.165, 0.010), (0.182, 0.030), (0.180, 0.034), (0.165, 0.022), (0.0, 0.018)], 60)
        surface = turn(stage, dish)
        colour, material = _clay(spec, tint, surface.angle, surface.y, surface.r)
        stage.lay(surface.box, light(stage, surface.normal, colour, material, 0.8), surface.mask)
    outer = curve(points)
    rim_r, rim_y = float(outer.r[-1]), float(outer.y[-1])
    body = turn(stage, outer, both_sides=False)
    colour, material = _clay(spec, tint, body.angle, body.y, body.r)
    floor = np.clip(0.5 + body.y / np.float32(0.09), 0, 1)
    stage.lay(body.box, light(stage, body.normal, colour, material, floor), body.mask)
    edge = lip(rim_r, rim_y, 0.014)
    level = rim_y - (0.030 if soil else 0.20)
    inner = join(
        edge,
        line([(rim_r - 0.014, rim_y), (rim_r - (0.016 if soil else 0.05), level)], 20),
        line([(rim_r - (0.016 if soil else 0.05), level), (0.0, level)], 20),
    )
    inside = turn(stage, inner, cover=edge)
    colour, material = _clay(spec, tint, inside.angle, inside.y, inside.r)
    depth = np.maximum(rim_y - inside.y, 0) / np.float32(rim_r)
    shade = np.clip(1.1 - (1.6 if soil else 0.75) * depth, 0.25, 1)
    if soil:
        x, z = inside.r * np.sin(inside.angle), inside.r * np.cos(inside.angle)
        crumb = noise.sample(noise.cloud(128, 2, 19), x * 2.3, z * 2.3)
        earth = linear("#4a3a2d") * (0.45 + 1.0 * crumb)[None]
        colour = mix(colour, earth, (inside.y < level + 0.004).astype(np.float32)[None])
        material = MATT
    stage.lay(inside.box, light(stage, inside.normal, colour, material, shade), inside.mask)
    return level


def _sword(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    look = "bands" if chance.random() < 0.4 else "edge"
    for place in range(9):
        x = -0.075 + 0.15 * ((place * 0.382) % 1)
        lean, high = 0.26 * (chance.random() - 0.5) + x * 0.9, 0.30 + 0.22 * chance.random()
        wide = 0.026 + 0.010 * chance.random()
        near = place / 8
        base = stage.project(y, -0.05 + 0.09 * near)
        blade(
            stage,
            [(x, base), (x + lean * 0.35, base + high * 0.5), (x + lean, base + high)],
            [wide * 0.7, wide, wide * 0.95, wide * 0.6, 0.001],
            (spec.palette[0], spec.palette[1]),
            look=look,
            shade=0.66 + 0.34 * near,
        )


def _coin(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    count = 24
    base = stage.project(y, 0)
    for place in range(count):
        near = place / (count - 1)
        angle = place * 2.399 + 0.3
        away = 0.10 + 0.18 * math.sqrt((place % 12 + 0.6) / 12)
        x = away * 1.05 * math.cos(angle)
        high = base + 0.11 + 0.17 * (1 - abs(x) / 0.32) * (0.5 + 0.5 * chance.random()) + 0.05 * math.sin(angle)
        stalk(
            stage,
            [(0.02 * math.cos(angle), base), (x * 0.5, base + (high - base) * 0.7), (x, high)],
            0.0034,
            blend(spec.palette[0], "#c9d29a", 0.25),
            0.55 + 0.4 * near,
        )
        size = 0.042 + 0.026 * chance.random()
        tilt = 0.66 + 0.26 * chance.random()
        half = size * tilt
        lean = 0.5 * math.cos(angle)
        steps = [math.sqrt(max(0.0, 1 - (2 * t - 1) ** 2)) * size for t in np.linspace(0.02, 0.98, 9)]
        blade(
            stage,
            [(x - lean * half * 0.5, high + half), (x, high), (x + lean * half * 0.5, high - half)],
            steps,
            (spec.palette[0], spec.palette[1]),
            look="stripe" if spec.seed % 5 == 0 else "plain",
            shade=0.62 + 0.38 * near,
        )


def _broad(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    base = stage.project(y, 0)
    top = base + 0.42
    sway = 0.05 * (chance.random() - 0.5)
    stalk(
        stage,
        [(0.0, base), (sway, base + 0.2), (sway * 0.3, top - 0.03)],
        0.0095,
        blend("#6b5138", spec.palette[0], 0.35),
    )
    count = 10
    for place in range(count):
        share = place / (count - 1)
        side = 1 if (place + spec.seed) % 2 else -1
        fx, fy = sway * math.sin(share * 3), base + 0.07 + (top - base - 0.10) * share
        long, wide = 0.19 - 0.03 * share + 0.05 * chance.random(), 0.050 - 0.010 * share + 0.010 * chance.random()
        angle = math.pi / 2 + side * (0.95 - 0.55 * share + 0.45 * (chance.random() - 0.5))
        dx, dy = math.cos(angle) * -1, math.sin(angle)
        if place == count - 1:
            dx, dy = 0.1, 1.0
        tip = (fx + dx * long * 1.08, fy + dy * long * (0.80 + 0.2 * share))
        blade(
            stage,
            [(fx, fy), (fx + dx * long * 0.5, fy + dy * long * 0.60), tip],
            [0.004, wide * 0.75, wide, wide * 0.85, wide * 0.45, 0.001],
            (spec.palette[0], spec.palette[1]),
            shade=0.70 + 0.30 * share,
        )


def _fronds(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator, *, palm: bool) -> None:
    layer = Fronds(stage)
    base = stage.project(y, 0)
    count = 15 if palm else 26
    for place in range(count):
        near = place / (count - 1)
        angle = (place * 0.618 % 1 - 0.5) * (1.7 if palm else 2.8)
        long = (0.40 + 0.13 * chance.random()) if palm else (0.24 + 0.12 * chance.random())
        rise = long * (math.cos(angle * 0.8) * 0.9 + 0.10)
        out = long * math.sin(angle) * (0.75 if palm else 0.95)
        droop = (0.05 if palm else 0.12) * abs(math.sin(angle)) + 0.03
        rib = [
            (0.03 * math.sin(angle), base),
            (out * 0.45, base + rise * 0.68),
            (out * 0.85, base + rise * 0.98),
            (out * 1.12, base + rise - droop),
        ]
        tint = blend(spec.palette[0], spec.palette[1], 0.55 * float(chance.random()))
        frond(
            layer,
            rib,
            tint,
            long=0.105 if palm else 0.052,
            wide=0.0085 if palm else 0.0075,
            pairs=16 if palm else 26,
            depth=0.25 + 0.75 * near,
        )
    layer.lay()


def _strap(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    base = stage.project(y, 0)
    thin = spec.palette[1] in {"#e4e6b8"}
    count = 22 if thin else 15
    for place in range(count):
        near = place / (count - 1)
        angle = ((place * 0.618) % 1 - 0.5) * 2.15
        long = 0.30 + 0.10 * chance.random()
        wide = 0.013 if thin else 0.034
        out, rise = long * math.sin(angle), long * (0.35 + 0.75 * math.cos(angle))
        points = [
            (0.02 * math.sin(angle), base),
            (out * 0.4, base + rise * 0.75),
            (out * 0.85, base + rise * (0.95 if not thin else 0.85)),
            (out * 1.15, base + rise * (0.86 if not thin else 0.5)),
        ]
        blade(
            stage,
            points,
            [wide * 0.5, wide, wide * 1.05, wide * 0.7, 0.001],
            (spec.palette[0], spec.palette[1]),
            look="stripe" if thin else "rib",
            shade=0.6 + 0.4 * near,
        )


def _tree(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    base = stage.project(y, 0)
    stalk(stage, [(0.0, base), (0.006, base + 0.12), (-0.002, base + 0.24)], 0.0105, "#7a614a")
    stalk(stage, [(0.0, base + 0.17), (0.05, base + 0.24)], 0.006, "#7a614a")
    layer = Fronds(stage)
    middle, radius = (0.0, base + 0.34), 0.17
    for place in range(980):
        near = place / 979
        angle, away = chance.random() * 6.283, math.sqrt(chance.random()) * radius
        wob = 1 + 0.10 * math.sin(angle * 5 + spec.seed % 6)
        x, v = middle[0] + away * wob * math.cos(angle), middle[1] + away * wob * math.sin(angle)
        turn_to = chance.random() * 6.283
        long, wide = 0.026 + 0.014 * chance.random(), 0.0062
        dx, dy = math.cos(turn_to), math.sin(turn_to)
        ball = 0.5 + 0.5 * ((v - middle[1]) / radius * 0.75 - stage.side * (x - middle[0]) / radius * 0.6)
        tint = blend(spec.palette[0], spec.palette[1], float(chance.random()))
        points = [
            (x, v),
            (x + dx * long * 0.5 - dy * wide, v + dy * long * 0.5 + dx * wide),
            (x + dx * long, v + dy * long),
            (x + dx * long * 0.5 + dy * wide, v + dy * long * 0.5 - dx * wide),
        ]
        layer.leaflet(points, lit_tint(tint, turn_to, stage.side, -0.15 + 0.85 * ball * (0.55 + 0.45 * near)))
    layer.lay()


def _grow(stage: Stage, spec: ArtSpec, kind: str, y: float, chance: np.random.Generator) -> None:
    if kind == "palm":
        _fronds(stage, spec, y, chance, palm=True)
    elif kind == "fern":
        _fronds(stage, spec, y, chance, palm=False)
    else:
        {
            "sword": _sword,
            "coin": _coin,
            "broad": _broad,
            "strap": _strap,
            "tree": _tree,
            "barrel": barrel,
            "column": columns,
            "paddle": paddles,
            "rosette": rosette,
        }[kind](stage, spec, y, chance)


def _planter(spec: ArtSpec, view: int, size: int, kind: str) -> Image.Image:
    stage = Stage(size, Camera(0, 0.135, 1.28, 0.34 if view == 0 else 0.55), mirrored=view == 1, seed=spec.seed + view)
    wall, floor = paper("plant", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, 0.2, 0.12)
    points, saucer = _shell(kind, noise.generator(spec.seed))
    ground_shadow(stage, curve(points), 0, 0, 0.55)
    _pot(stage, spec, spec.palette[0], points, saucer, soil=False)
    return stage.finish()


# These stay within the pot's mouth; the others hang over its edge.
_UPRIGHT = frozenset({"sword", "broad", "tree", "column", "paddle", "barrel", "coin"})
_HIGH = {
    "sword": 0.72,
    "coin": 0.58,
    "broad": 0.74,
    "palm": 0.74,
    "fern": 0.58,
    "strap": 0.60,
    "tree": 0.76,
    "barrel": 0.50,
    "column": 0.70,
    "paddle": 0.62,
    "rosette": 0.40,
}


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the plant: 0 whole, 1 in other light, 2 close to the leaves."""
    shelf, kind = spec.design.split(".")
    if shelf == "planter":
        return _planter(spec, view, size, kind)
    chance = noise.generator(spec.seed)
    high = _HIGH[kind]
    stage = Stage(size, Camera(0, high * 0.47, min(1.25, 0.80 / high), 0.24), mirrored=view == 1, seed=spec.seed + view)
    if view == 2:
        stage.camera = replace(stage.camera, y=high * 0.62, zoom=stage.camera.zoom * 1.9)
    wall, floor = paper("plant", blend(spec.palette[0], spec.palette[2], 0.5), spec.seed, view)
    stage.sweep(wall, floor, 0.10, 0.07)
    points, saucer = _shell(("tapered", "belly", "saucer")[spec.seed % 3], chance)
    scale = {"rosette": 0.95, "barrel": 0.92, "tree": 0.86, "broad": 0.84, "palm": 0.84}.get(kind, 0.90)
    points = [(r * scale, y * scale) for r, y in points]
    shell: Profile = curve(points)
    crown = [ellipse(stage.side * (0.24 + high * 0.16), stage.project(0, -0.10), high * 0.24, high * 0.07)]
    stage.shadow(crown, 0.05, 0.30)
    stage.shadow([ellipse(stage.side * 0.15, high * 0.68, high * 0.26, high * 0.24)], 0.09, 0.16)
    ground_shadow(stage, shell, 0, 0, 0.55)
    level = _pot(stage, spec, spec.palette[2], points, saucer and scale > 0.89, soil=True)
    _grow(stage, spec, kind, level, chance)
    if kind in _UPRIGHT:
        _front(stage, spec, spec.palette[2], points)
    return stage.finish()
