"""Draws candles: wax that lets light in, wick, flame, holders."""

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, blend, linear, mix, smooth
from marketplace.imports.demo.art.lathe import Profile, Surface, curve, ground_shadow, join, line, turn
from marketplace.imports.demo.art.light import SATIN, Material, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage
from marketplace.imports.demo.art.tube import bar

_WAX = Material(gloss=0.22, rough=0.3, wrap=0.75)
_BRASS = Material(gloss=2.6, rough=0.12, wrap=0.2)


def _flame(stage: Stage, x: float, y: float, high: float) -> None:
    """Draw wick and flame: blue foot, white heart, amber edge and its glow."""
    wick = bar(stage, [(x, y - 0.004), (x + 0.001, y + 0.016)], 0.0028)
    stage.lay(wick.box, linear("#2b2420") * np.ones((3, *wick.mask.shape), dtype=np.float32), wick.mask)
    box = stage.box(x - high * 1.6, x + high * 1.6, y - high * 0.8, y + high * 2.2)
    across, up = stage.grid(box)
    t = (up - np.float32(y + 0.006)) / np.float32(high)
    body = np.sqrt(np.clip(t, 0, 1)) * (1 - np.clip(t, 0, 1)) ** 0.85 * np.float32(high * 0.40)
    off = np.abs(across - np.float32(x)) / np.maximum(body, 1e-4)
    shape = smooth(1.05, 0.55, off) * (t > 0) * (t < 1)
    glow = np.exp(-(((across - x) / (high * 0.75)) ** 2 + ((up - y - high * 0.5) / (high * 1.0)) ** 2)) * 0.34
    stage.picture[box.slices()] += linear("#ffb45c") * glow[None]
    core = mix(linear("#ffb347"), linear("#fffbe8"), smooth(0.95, 0.25, off)[None])
    core = mix(core, linear("#7f9cc9"), (smooth(0.22, 0.0, t) * 0.6)[None])
    stage.lay(box, core * np.float32(1.3), shape.astype(np.float32))


def _wax(stage: Stage, spec: ArtSpec, surface: Surface, top: float, *, lit: bool = True) -> Array:
    tint = linear(spec.palette[0])
    soft = noise.sample_soft(noise.cloud(8, 4, 91), surface.angle * 0.12, surface.y * 1.1) - 0.5
    albedo = tint * (1 + 0.12 * soft)[None]
    colour = light(stage, surface.normal, albedo, _WAX)
    if lit:
        through = np.exp(-np.maximum(top - surface.y, 0) / 0.09)
        colour = colour + tint * linear("#ffc46b") * (through * 0.85)[None]
    return colour.astype(np.float32)


def _ribs(surface: Surface, count: int, amount: float) -> Array:
    """Return normals turned by flutes around the candle."""
    lean = np.cos(surface.angle * count) * np.float32(amount)
    normal = surface.normal.copy()
    normal[0] = normal[0] * np.sqrt(1 - lean * lean) + lean * np.cos(surface.angle)
    normal[2] = np.maximum(normal[2] - lean * np.sin(surface.angle) * 0.6, 0.05)
    result: Array = (normal / np.sqrt((normal * normal).sum(axis=0))).astype(np.float32)
    return result


def _pillar(stage: Stage, spec: ArtSpec, x: float, z: float, wide: float, tall: float, flutes: int) -> None:
    side = join(
        line([(wide * 0.985, 0), (wide, 0.006), (wide, tall - 0.008)], 30),
        curve([(wide, tall - 0.008), (wide * 0.97, tall - 0.001), (wide * 0.90, tall)], 14),
    )
    top = join(
        curve([(wide * 0.93, tall), (wide * 0.80, tall - 0.004), (wide * 0.45, tall - 0.012), (0.0, tall - 0.014)], 40)
    )
    surface = turn(stage, join(side, top), x, z)
    if flutes:
        ribbed = Surface(
            surface.box, surface.mask, _ribs(surface, flutes, 0.42), surface.angle, surface.y, surface.r, surface.z
        )
        crown = smooth(wide * 0.97, wide * 0.93, surface.r)[None]
        normal = ribbed.normal * (1 - crown) + surface.normal * crown
        surface = Surface(
            surface.box, surface.mask, normal.astype(np.float32), surface.angle, surface.y, surface.r, surface.z
        )
    stage.lay(surface.box, _wax(stage, spec, surface, tall), surface.mask)
    _flame(stage, x, stage.project(tall - 0.012, z), 0.075)


def _stepped(stage: Stage, spec: ArtSpec, x: float) -> float:
    """Draw a candle of stacked rolls, growing narrower, as a skep is built."""
    skep = spec.param("wax") == "Beeswax"
    parts: list[Profile] = []
    y, wide, rolls = 0.0, 0.155, 6 if skep else 4
    for place in range(rolls):
        r = wide * (1 - (place / rolls) ** 2.2 * 0.62) if skep else wide * (1 - 0.17 * place)
        high = 0.052 if skep else 0.075
        parts.append(curve([(r - 0.016, y), (r, y + high * 0.28), (r, y + high * 0.72), (r - 0.016, y + high)], 26))
        y += high
    last = float(parts[-1].r[-1])
    parts.append(curve([(last, y), (last * 0.5, y + 0.012), (0.0, y + 0.014)], 20))
    ground_shadow(stage, join(*parts), x, 0, 0.5)
    surface = turn(stage, join(*parts), x)
    stage.lay(surface.box, _wax(stage, spec, surface, y), surface.mask)
    _flame(stage, x, stage.project(y + 0.012, 0), 0.072)
    return y


def _tapers(stage: Stage, spec: ArtSpec, chance: np.random.Generator) -> None:
    brass = spec.param("wax") != "Beeswax"
    apart, left = 0.085 + 0.04 * chance.random(), 0.36 + 0.06 * chance.random()
    flip = 1 if chance.random() < 0.5 else -1
    for x, z, tall in (
        (-apart * flip, 0.0, left),
        (apart * flip, 0.06 * chance.random(), left - 0.04 - 0.09 * chance.random()),
    ):
        foot = curve(
            [
                (0.075, 0.0),
                (0.076, 0.010),
                (0.030, 0.022),
                (0.016, 0.04),
                (0.024, 0.075),
                (0.014, 0.10),
                (0.030, 0.118),
                (0.030, 0.135),
            ]
        )
        stick = curve(
            [(0.0185, 0.13), (0.0175, 0.13 + tall * 0.5), (0.0150, 0.13 + tall), (0.004, 0.13 + tall + 0.012)], 60
        )
        ground_shadow(stage, join(foot, stick), x, z, 0.45)
        candle = turn(stage, stick, x, z)
        stage.lay(candle.box, _wax(stage, spec, candle, 0.13 + tall), candle.mask)
        holder = turn(stage, foot, x, z)
        metal = linear("#a9853f") if brass else linear("#3a3936")
        colour = light(stage, holder.normal, metal * np.float32(0.75), _BRASS if brass else SATIN)
        if brass:
            colour = colour * (linear("#ffe0a0") * np.float32(1.02))
        stage.lay(holder.box, colour.astype(np.float32), holder.mask)
        _flame(stage, x, stage.project(0.13 + tall + 0.008, z), 0.068)


def _cup(stage: Stage, spec: ArtSpec, x: float) -> None:
    """Draw a candle poured into a ceramic cup with a paper label."""
    wide, tall = 0.150, 0.245
    shell = curve([(wide * 0.92, 0.0), (wide, 0.015), (wide, 0.12), (wide, tall)])
    ground_shadow(stage, shell, x, 0, 0.5)
    body = turn(stage, shell, x, both_sides=False)
    soft = noise.sample_soft(noise.cloud(8, 4, 91), body.angle * 0.1, body.y) - 0.5
    glaze = linear(spec.palette[0]) * (1 + 0.14 * soft)[None]
    plate = smooth(0.50, 0.49, np.abs(body.angle)) * smooth(0.060, 0.058, np.abs(body.y - 0.115))
    ink = smooth(0.0035, 0.0025, np.abs(np.mod(body.y - 0.115 + 0.009, 0.018) - 0.009)) * smooth(
        0.30, 0.29, np.abs(body.angle) + 2.2 * np.abs(body.y - 0.115)
    )
    glaze = mix(glaze, linear("#f1eadb") * (1 - 0.7 * ink)[None], plate[None])
    stage.lay(body.box, light(stage, body.normal, glaze, SATIN), body.mask)
    edge = line([(wide, tall), (wide - 0.008, tall + 0.003), (wide - 0.013, tall)], 8)
    bowl = join(edge, line([(wide - 0.013, tall), (wide - 0.014, tall - 0.035), (0.0, tall - 0.036)], 30))
    inside = turn(stage, bowl, x, cover=edge)
    wax = (inside.r < wide - 0.015).astype(np.float32)
    pool = np.exp(-((inside.r / (wide * 0.55)) ** 2))
    cream = linear(blend(spec.palette[0], "#fbf3e0", 0.86)) * (1 + 0.5 * pool)[None]
    albedo = mix(linear(spec.palette[0]) + np.zeros((3, 1, 1), dtype=np.float32), cream, wax[None])
    stage.lay(inside.box, light(stage, inside.normal, albedo, SATIN), inside.mask)
    _flame(stage, x, stage.project(tall - 0.034, 0), 0.085)


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the candle: 0 alone, 1 with others or from the other side."""
    chance = noise.generator(spec.seed)
    kind = spec.design.split(".")[1]
    high = {"pillar": 0.30, "taper": 0.50, "cup": 0.26, "sphere": 0.27, "stepped": 0.30}[kind]
    stage = Stage(
        size, Camera(0, high * 0.52, 1.18 if kind != "taper" else 1.12, 0.24), mirrored=view == 1, seed=spec.seed + view
    )
    wall, floor = paper("candle", spec.palette[0], spec.seed, view)
    stage.sweep(blend(wall, "#4a4038", 0.22), blend(floor, "#4a4038", 0.12), 0.14, 0.1)
    stage.glow(0.0, high + 0.05, (0.36, 0.34), "#ffc782", 0.45)
    if kind == "taper":
        _tapers(stage, spec, chance)
    elif kind == "cup":
        _cup(stage, spec, 0.0)
    elif kind == "stepped":
        _stepped(stage, spec, 0.0)
    elif kind == "sphere":
        radius = 0.150
        ball = curve(
            [
                (0.05, 0.0),
                (radius * 0.82, 0.05),
                (radius, radius * 0.98),
                (radius * 0.80, radius * 1.60),
                (radius * 0.3, radius * 1.93),
                (0.0, radius * 1.97),
            ]
        )
        ground_shadow(stage, ball, 0, 0, 0.5)
        surface = turn(stage, ball)
        stage.lay(surface.box, _wax(stage, spec, surface, radius * 2), surface.mask)
        _flame(stage, 0.0, stage.project(radius * 1.96, 0), 0.075)
    else:
        _pillars(stage, spec, view, chance)
    return stage.finish()


def _pillars(stage: Stage, spec: ArtSpec, view: int, chance: np.random.Generator) -> None:
    flutes = 0 if spec.param("wax") == "Beeswax" else 15 + int(chance.random() * 12)
    rows = [(0.0, 0.0, 0.115, 0.33)] if view == 0 else [(0.17, -0.2, 0.085, 0.36), (-0.09, 0.0, 0.105, 0.26)]
    for x, z, wide, tall in rows:
        ground_shadow(stage, line([(wide, 0.0), (wide, tall)], 20), x, z, 0.5)
    for x, z, wide, tall in rows:
        _pillar(stage, spec, x, z, wide, tall, flutes)
