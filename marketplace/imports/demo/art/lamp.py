"""Draws lamps: on a table beside a wall, lit; and pendants over one."""

import math

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, blend, lightness, linear, mix, smooth
from marketplace.imports.demo.art.grain import boards
from marketplace.imports.demo.art.lathe import Profile, Surface, curve, ground_shadow, join, line, turn
from marketplace.imports.demo.art.light import GLOSS, MATT, SATIN, WOOD, Material, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage
from marketplace.imports.demo.art.tube import bar, bend

_BASES: dict[str, list[tuple[float, float]]] = {
    "gourd": [(0.085, 0.004), (0.125, 0.04), (0.132, 0.09), (0.095, 0.155), (0.070, 0.185), (0.085, 0.225),
        (0.072, 0.275), (0.020, 0.305), (0.014, 0.34)],
    "column": [(0.088, 0.004), (0.092, 0.015), (0.078, 0.03), (0.074, 0.15), (0.070, 0.27), (0.050, 0.30),
        (0.014, 0.315), (0.012, 0.35)],
    "turned": [(0.105, 0.004), (0.108, 0.02), (0.060, 0.035), (0.034, 0.06), (0.052, 0.11), (0.058, 0.15),
        (0.030, 0.21), (0.024, 0.27), (0.034, 0.285), (0.016, 0.30), (0.012, 0.35)],
    "sphere": [(0.070, 0.004), (0.115, 0.03), (0.148, 0.09), (0.150, 0.13), (0.115, 0.20), (0.060, 0.238),
        (0.016, 0.25), (0.012, 0.29)],
}  # fmt: skip
_PENDANTS: dict[str, list[tuple[float, float]]] = {
    "dome": [(0.250, 0.0), (0.246, 0.03), (0.215, 0.11), (0.140, 0.175), (0.050, 0.205), (0.034, 0.215),
        (0.030, 0.255), (0.006, 0.262)],
    "cone": [(0.230, 0.0), (0.226, 0.012), (0.150, 0.115), (0.065, 0.225), (0.036, 0.255), (0.032, 0.30), (0.006, 0.308)],
    "bell": [(0.205, 0.0), (0.190, 0.02), (0.155, 0.07), (0.138, 0.15), (0.120, 0.21), (0.070, 0.262),
        (0.030, 0.285), (0.028, 0.32), (0.006, 0.328)],
    "disc": [(0.320, 0.0), (0.318, 0.010), (0.240, 0.045), (0.110, 0.075), (0.055, 0.085), (0.050, 0.125),
        (0.040, 0.135), (0.006, 0.14)],
    "globe": [(0.110, 0.0), (0.170, 0.035), (0.212, 0.12), (0.200, 0.21), (0.140, 0.285), (0.070, 0.315),
        (0.040, 0.322), (0.036, 0.36), (0.006, 0.368)],
}  # fmt: skip
_WARM = "#ffe2b0"


def _wooden(surface: Surface, seed: int) -> Array:
    across = surface.angle * np.maximum(surface.r, 0.02)
    streak = boards(across * 0.9 + 0.3, surface.y, seed)
    return mix(linear("#c79c66"), linear("#8d6237"), streak[None])


def _shade(stage: Stage, profile: Profile, tint: str, x: float, glow: float) -> None:
    """Draw a linen shade lit from within: brightest where the bulb is, weave and seam showing."""
    surface = turn(stage, profile, x, 0.0, both_sides=False)
    if surface.box.empty:
        return
    low, high = float(profile.y.min()), float(profile.y.max())
    at = (surface.y - low) / np.float32(high - low)
    slub = noise.sample_soft(noise.cloud(64, 2, 81), surface.angle * 0.8, surface.y * 3.0) - 0.5
    weft = noise.sample_soft(noise.cloud(64, 2, 82), surface.angle * 0.12, surface.y * 9.0) - 0.5
    facing = np.cos(surface.angle)
    heart = np.exp(-(((at - 0.42) / 0.42) ** 2)) * (0.45 + 0.55 * facing)
    cloth = linear(tint) * (1 + 0.16 * slub + 0.14 * weft)[None]
    outer = light(stage, surface.normal, cloth, MATT)
    inner = cloth * linear(_WARM) * (heart * np.float32(glow))[None]
    hem = 1 - 0.30 * np.exp(-((np.minimum(at, 1 - at) / 0.012) ** 2))
    stage.lay(surface.box, (outer * 0.62 + inner) * hem[None], surface.mask)


def _mouth(stage: Stage, radius: float, y: float, x: float) -> None:
    """Draw the lit opening on top of a shade, seen from above."""
    ring = line([(radius, y), (radius * 0.96, y)], 3)
    surface = turn(
        stage,
        Profile(np.array([radius, 0.0], dtype=np.float32), np.array([y, y - 0.001], dtype=np.float32)),
        x,
        0.0,
        cover=ring,
    )
    away = surface.r / np.float32(radius)
    tone = linear("#fff0d0") * (1.25 - 0.55 * away)[None]
    stage.lay(surface.box, tone.astype(np.float32), surface.mask)


def _table(spec: ArtSpec, view: int, size: int) -> Image.Image:
    name = spec.design.split(".")[1]
    chance = noise.generator(spec.seed)
    tint = spec.palette[0]
    pitch = 0.13
    stage = Stage(size, Camera(0, 0.235, 1.12 if view == 0 else 1.75, pitch), mirrored=view == 1, seed=spec.seed + view)
    if view == 1:
        stage.camera = Camera(0.03, 0.34, 1.75, pitch)
    wall, floor = paper("lamp", tint, spec.seed, view)
    stage.sweep(blend(wall, "#3a342e", 0.18), blend(floor, "#3a342e", 0.05), 0.03, 0.012)
    high = {"gourd": 0.34, "column": 0.35, "turned": 0.35, "sphere": 0.29, "mushroom": 0.24}[name]
    stage.glow(0.0, high + 0.30, (0.30, 0.22), _WARM, 1.5)
    stage.glow(0.0, high - 0.02, (0.50, 0.40), _WARM, 0.55)
    stage.glow(0.0, -0.02, (0.42, 0.09), _WARM, 0.9)
    if name == "mushroom":
        _mushroom(stage, spec, chance)
        return stage.finish()
    points = [
        (r * (0.95 + 0.1 * chance.random()) if 0 < place < 6 else r, y) for place, (r, y) in enumerate(_BASES[name])
    ]
    base = join(line([(points[0][0] * 0.97, 0), points[0]], 4), curve(points))
    ground_shadow(stage, base, 0, 0, 0.38)
    stage.shadow([[(0.10, -0.016), (0.50, -0.035), (0.50, -0.026), (0.10, -0.006)]], 0.006, 0.25)
    flex = bar(stage, bend([(0.06, 0.0), (0.16, -0.026), (0.30, -0.018), (0.62, -0.034)], 24), 0.0042)
    stage.lay(flex.box, light(stage, flex.normal, linear("#4a443c"), MATT), flex.mask)
    body = turn(stage, base)
    wooden = name == "turned"
    shade_tint = tint if wooden else ("#efe3cc" if lightness(tint) < 0.62 else "#d9cbb3")
    soft = noise.sample_soft(noise.cloud(6, 4, 3), body.angle * 0.15, body.y * 1.3) - 0.5
    albedo = _wooden(body, spec.seed) if wooden else linear(tint) * (1 + 0.2 * soft)[None]
    albedo = mix(albedo, linear("#b08d4f"), smooth(points[-2][1] - 0.004, points[-2][1], body.y)[None])
    colour = light(stage, body.normal, albedo, WOOD if wooden else GLOSS if spec.seed % 2 else SATIN, 0.80)
    colour += albedo * linear(_WARM) * (np.clip(body.normal[1], 0, 1) * smooth(0.0, points[-1][1], body.y) * 0.9)[None]
    stage.lay(body.box, colour.astype(np.float32), body.mask)
    lower, upper = 0.205 + 0.03 * chance.random(), 0.135 + 0.05 * chance.random()
    tall = 0.205 + 0.03 * chance.random()
    shade = line([(lower, points[-1][1] - 0.055), (upper, points[-1][1] - 0.055 + tall)], 60)
    _shade(stage, shade, shade_tint, 0, 1.15)
    _mouth(stage, upper, points[-1][1] - 0.055 + tall, 0)
    return stage.finish()


def _mushroom(stage: Stage, spec: ArtSpec, chance: np.random.Generator) -> None:
    tint = spec.palette[0]
    stem = join(
        line([(0.108, 0), (0.110, 0.012)], 4),
        curve([(0.110, 0.012), (0.070, 0.03), (0.044, 0.08), (0.040, 0.22), (0.046, 0.27)]),
    )
    ground_shadow(stage, stem, 0, 0, 0.5)
    body = turn(stage, stem)
    colour = light(stage, body.normal, linear(tint), GLOSS, 0.75)
    colour += linear(tint) * linear(_WARM) * (smooth(0.02, 0.26, body.y) * 0.8 + 0.5 * smooth(0.05, 0.0, body.y))[None]
    stage.lay(body.box, colour.astype(np.float32), body.mask)
    wide = 0.225 + 0.03 * chance.random()
    cap = curve([(wide, 0.245), (wide * 0.985, 0.275), (wide * 0.80, 0.355), (wide * 0.42, 0.408), (0.0, 0.420)])
    surface = turn(stage, cap)
    shine = light(stage, surface.normal, linear(tint), GLOSS)
    rim = np.exp(-((surface.y - 0.245) / 0.010)) * 0.8
    stage.lay(surface.box, (shine + (linear(_WARM) * rim[None])).astype(np.float32), surface.mask)


def _pendant(spec: ArtSpec, view: int, size: int) -> Image.Image:
    name = spec.design.split(".")[1]
    tint = spec.palette[0]
    stage = Stage(size, Camera(0, 0.02, 1.0, 0.10), mirrored=view == 1, seed=spec.seed + view)
    wall, floor = paper("lamp", tint, spec.seed, view)
    stage.sweep(
        blend(wall, "#302b27", 0.10),
        floor if view == 0 else blend(floor, "#8a6a48", 0.4),
        -0.8 if view == 0 else -0.36,
        0.1 if view == 0 else 0.01,
    )
    scale = 1.0 if view == 0 else 0.62
    spots = [0.0] if view == 0 else [-0.235, 0.235]
    for x in spots:
        stage.glow(x, -0.32 if view == 0 else -0.34, (0.40 * scale + 0.1, 0.34), _WARM, 1.1)
        stage.glow(x, 0.04, (0.5, 0.5), _WARM, 0.25)
    chance = noise.generator(spec.seed)
    wide, tall = scale * (0.90 + 0.18 * chance.random()), scale * (0.88 + 0.26 * chance.random())
    profile = curve([(r * wide, y * tall) for r, y in _PENDANTS[name]])
    low = -0.10 if view == 0 else 0.02
    for x in spots:
        _one_pendant(stage, spec, profile, x, low)
    return stage.finish()


def _one_pendant(stage: Stage, spec: ArtSpec, profile: Profile, x: float, low: float) -> None:
    """Draw flex and shade; the camera looks up a little, so the lit inside shows as a rim below."""
    tint = spec.palette[0]
    high = low + profile.top
    flex = bar(stage, [(x, high * stage.cos - 0.004), (x, 0.75)], 0.0042)
    stage.lay(flex.box, light(stage, flex.normal, linear(blend(tint, "#2a2826", 0.7)), MATT), flex.mask)
    moved = Profile(profile.r, profile.y + np.float32(low))
    radius = float(profile.r[0])
    glow_box = stage.box(x - radius, x + radius, low - radius * 0.14, low + radius * 0.12)
    across, up = stage.grid(glow_box)
    inside = ((across - np.float32(x)) / np.float32(radius * 0.985)) ** 2 + (
        (up - np.float32(low * stage.cos)) / np.float32(radius * 0.13)
    ) ** 2
    mouth = np.clip((1 - inside) * np.float32(radius * 0.13 * stage.unit) * 0.6 + 0.5, 0, 1)
    heat = linear("#fff1d2") * (1.4 - 0.7 * np.clip(inside, 0, 1))[None]
    stage.lay(glow_box, heat.astype(np.float32), mouth.astype(np.float32))
    surface = turn(stage, moved, x, both_sides=False)
    brass = smooth(profile.top * 0.80, profile.top * 0.82, surface.y - np.float32(low))
    albedo = mix(linear(tint), linear("#b6924f"), (brass * (1.0 if spec.seed % 2 else 0.0))[None])
    shine = light(stage, _flipped(surface.normal), albedo, GLOSS if spec.seed % 3 else Material(gloss=0.4, rough=0.25))
    edge = np.exp(-((surface.y - np.float32(low)) / 0.0045)) * 0.35
    cut = np.clip((up_edge(stage, surface, x, low, radius)) + 0.5, 0, 1)
    stage.lay(surface.box, (shine + linear(_WARM) * edge[None]).astype(np.float32), surface.mask * cut)


def up_edge(stage: Stage, surface: Surface, x: float, low: float, radius: float) -> Array:
    """Return pixels above the near rim, which curves upwards when seen from below."""
    across, up = stage.grid(surface.box)
    inside = 1 - ((across - np.float32(x)) / np.float32(radius)) ** 2
    rim = np.float32(low * stage.cos) - np.float32(radius * 0.10) * np.sqrt(np.maximum(inside, 0)) * np.float32(-1.0)
    result: Array = (up - rim) * np.float32(stage.unit)
    return result


def _flipped(normal: Array) -> Array:
    """Return normals as for a camera that looks up instead of down by the same angle."""
    tilt = 0.20
    cos, sin = math.cos(tilt), math.sin(tilt)
    return np.stack(
        [normal[0], normal[1] * cos + normal[2] * sin * -0.2, normal[2] * cos + normal[1] * sin * 0.2]
    ).astype(np.float32)


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the lamp: 0 whole, 1 closer (tables) or in a pair (pendants)."""
    return (_pendant if spec.design.startswith("pendant") else _table)(spec, view, size)
