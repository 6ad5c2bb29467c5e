"""Cacti and succulents: ribbed barrels and columns, paddles, rosettes, and their spines."""

import math

import numpy as np

from marketplace.imports.demo.art.colour import Array, blend, linear, mix, smooth
from marketplace.imports.demo.art.lathe import Surface, curve, turn
from marketplace.imports.demo.art.leaves import DULL, Fronds, blade
from marketplace.imports.demo.art.light import Material, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Stage
from marketplace.imports.demo.art.tube import bar

_SKIN = Material(gloss=0.12, rough=0.4, wrap=0.4)


def _ribbed(surface: Surface, ribs: int, amount: float) -> tuple[Array, Array]:
    """Return normals turned by ribs, and how deep in a furrow a place is (0 to 1)."""
    wave = np.sin(surface.angle * ribs)
    furrow = 0.5 - 0.5 * np.cos(surface.angle * ribs)
    lean = np.float32(amount) * wave
    normal = surface.normal.copy()
    normal[0] += lean * np.cos(surface.angle)
    normal[2] = np.maximum(normal[2] - lean * np.sin(surface.angle), 0.08)
    normal /= np.sqrt((normal * normal).sum(axis=0))
    return normal.astype(np.float32), (1 - furrow).astype(np.float32)


def _spines(stage: Stage, spots: list[tuple[float, float, float]], long: float, tint: str, seed: int) -> None:
    """Draw bundles of spines at places on the screen; the third number is which way they lean (-1 to 1)."""
    layer = Fronds(stage)
    for place, (x, y, lean) in enumerate(spots):
        for spine in range(5):
            angle = math.pi / 2 - lean * 0.9 + (spine - 2) * 0.48 + 0.2 * math.sin(place * 7 + seed)
            reach = long * (0.65 + 0.35 * math.cos(spine * 2.1 + place))
            layer.line([(x, y), (x + reach * math.cos(angle), y + reach * math.sin(angle))], 0.0015, tint)
        layer.leaflet(
            [(x - 0.0022, y - 0.0018), (x + 0.0022, y - 0.0018), (x + 0.0022, y + 0.0018), (x - 0.0022, y + 0.0018)],
            blend(tint, "#8a6a45", 0.4),
        )
    layer.lay()


def _body(
    stage: Stage, spec: ArtSpec, points: list[tuple[float, float]], where: tuple[float, float], ribs: int, spine: float
) -> None:
    """Draw a ribbed body with spines along its ribs."""
    x, z = where
    profile = curve(points, 120)
    surface = turn(stage, profile, x, z)
    if surface.box.empty:
        return
    normal, crest = _ribbed(surface, ribs, 0.55)
    low, top = float(profile.y.min()), float(profile.y.max())
    tone = mix(
        linear(blend(spec.palette[0], "#18301f", 0.42)), linear(blend(spec.palette[0], "#e6efc8", 0.12)), crest[None]
    )
    shade = 0.55 + 0.45 * np.clip((surface.y - low) / np.float32(0.10), 0, 1)
    stage.lay(surface.box, light(stage, normal, tone, _SKIN, shade), surface.mask)
    spots: list[tuple[float, float, float]] = []
    for rib in range(ribs):
        angle = (2 * rib + 1) * math.pi / ribs
        angle = math.atan2(math.sin(angle), math.cos(angle))
        if abs(angle) > 1.75:
            continue
        for step in np.arange(low + 0.02, top + 0.001, 0.026):
            r = float(np.interp(step, profile.y, profile.r))
            sx, deep = x + r * math.sin(angle), z + r * math.cos(angle)
            if math.cos(angle) < -0.05 and step < top * 0.9:
                continue
            spots.append((sx, stage.project(float(step), deep), math.sin(angle)))
    _spines(stage, spots, spine, spec.palette[1], spec.seed)


def barrel(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    """Draw one round, ribbed body."""
    r = 0.135 + 0.015 * chance.random()
    high = r * (1.55 + 0.25 * chance.random())
    points = [
        (r * 0.72, y - 0.01),
        (r * 0.96, y + high * 0.25),
        (r, y + high * 0.52),
        (r * 0.80, y + high * 0.84),
        (r * 0.36, y + high * 0.99),
        (0.0, y + high),
    ]
    _body(stage, spec, points, (0.0, 0.0), 17 + int(chance.random() * 6), 0.017)


def columns(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    """Draw a few ribbed columns of different height, the nearest last."""
    count = 2 + int(chance.random() * 3)
    for place in range(count):
        near = place / max(1, count - 1)
        x = (-0.065 + 0.13 * ((place * 0.618 + 0.2) % 1)) if count > 1 else 0.0
        r, high = 0.036 + 0.012 * chance.random(), (0.42 - 0.17 * near) * (0.85 + 0.25 * chance.random())
        points = [
            (r * 0.85, y - 0.01),
            (r, y + high * 0.2),
            (r * 1.03, y + high * 0.75),
            (r * 0.74, y + high * 0.96),
            (0.0, y + high),
        ]
        _body(stage, spec, points, (x, -0.04 + 0.09 * near), 8 + int(chance.random() * 3), 0.013)


def _pads(base: float, chance: np.random.Generator) -> list[tuple[float, float, float, float]]:
    """Return foot, length and direction of pads: one below, three on it, two on those."""
    pads = [(0.0, base - 0.012, 0.20, math.pi / 2 + 0.1 * (float(chance.random()) - 0.5))]
    for side in (-1, 0, 1):
        long = 0.135 + 0.03 * float(chance.random())
        pads.append((0.02 + 0.05 * side, base + 0.165 - 0.02 * abs(side), long, math.pi / 2 - side * 0.72))
    for side in (-1, 1):
        low = base + 0.245 + 0.02 * float(chance.random())
        pads.append((side * 0.145, low, 0.095, math.pi / 2 - side * (0.35 + 0.4 * float(chance.random()))))
    return pads


def _swell(along: float) -> float:
    """Return a pad's width against its widest, from its foot (0) to its tip (1)."""
    result: float = max(0.12, math.sin(math.pi * min(0.97, 0.10 + 0.90 * along))) ** 0.62
    return result


def paddles(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    """Draw flat pads that grow from each other, dotted with tufts."""
    pale = blend(spec.palette[0], "#e8edc4", 0.3)
    tufts: list[tuple[float, float]] = []
    for x, low, long, angle in _pads(stage.project(y, 0), chance):
        dx, dy = math.cos(angle) * long, math.sin(angle) * long
        wide = long * 0.40
        steps = [*(wide * _swell(float(along)) for along in np.linspace(0, 0.88, 8)), wide * 0.25]
        path = [(x, low), (x + dx * 0.5, low + dy * 0.5), (x + dx * 0.93, low + dy * 0.93)]
        blade(stage, path, steps, (spec.palette[0], pale), look="plain", material=DULL)
        for row in range(1, 8):
            for column in range(-3, 4):
                along = row / 8 + 0.02 * (column % 2)
                aside = column / 3.6 * wide * _swell(along) / long
                tufts.append((x + dx * along - dy * aside, low + dy * along + dx * aside))
    layer = Fronds(stage)
    for px, py in tufts:
        dot = [(px + 0.0042 * math.cos(turn), py + 0.0042 * math.sin(turn)) for turn in np.linspace(0, 6.283, 9)]
        layer.leaflet(dot, blend(spec.palette[1], "#fff6d8", 0.2))
    layer.lay()


def rosette(stage: Stage, spec: ArtSpec, y: float, chance: np.random.Generator) -> None:
    """Draw fleshy leaves in a spiral, the outer ones first."""
    base = stage.project(y + 0.035, 0)
    count, pointed = 44, spec.seed % 3
    size = 0.20 + 0.02 * chance.random()
    for place in range(count):
        share = place / (count - 1)
        angle = place * 2.39996
        reach = size * (1 - share) ** 0.75 + 0.012
        dx, dz = math.cos(angle), math.sin(angle)
        foot = (dx * reach * 0.18, base + 0.012 + 0.10 * share - dz * reach * 0.10)
        tip = (dx * reach, base + 0.02 + (0.05 + 0.13 * share) - dz * reach * 0.42)
        wide = max(0.010, reach * (0.20 if pointed else 0.27))
        middle = ((foot[0] + tip[0]) / 2, (foot[1] + tip[1]) / 2 - 0.006)
        widths = [wide * 0.55, wide * 0.85, wide, wide * 0.8, wide * (0.10 if pointed else 0.30)]
        tint = blend(spec.palette[0], spec.palette[1], 0.10 + 0.22 * share)
        blade(
            stage,
            [foot, middle, tip],
            widths,
            (tint, spec.palette[1]),
            look="plain",
            material=Material(gloss=0.22, rough=0.35, wrap=0.5),
            shade=0.52 + 0.48 * (0.35 + 0.65 * share),
        )
        point = bar(stage, [(tip[0] - dx * 0.004, tip[1] - 0.002), (tip[0] + dx * 0.004, tip[1] + 0.002)], 0.0028)
        glow = smooth(0.0, 1.0, point.mask) * 0.55
        stage.lay(
            point.box,
            linear(spec.palette[1]) * np.ones((3, *point.mask.shape), dtype=np.float32) * np.float32(0.8),
            glow.astype(np.float32),
        )
