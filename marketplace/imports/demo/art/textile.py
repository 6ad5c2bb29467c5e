"""Draws textiles: folded, hung over a rail, as a cushion, with fringe and folds."""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, linear, smooth
from marketplace.imports.demo.art.grain import boards
from marketplace.imports.demo.art.light import CLOTH, WOOD, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage, ellipse
from marketplace.imports.demo.art.tube import bar
from marketplace.imports.demo.art.weaves import cloth


def _normals(height: Array, unit: float) -> Array:
    """Return normals of a relief towards the camera; height in world units."""
    gy, gx = np.gradient(height.astype(np.float32))
    nx, ny = -gx * np.float32(unit), gy * np.float32(unit)
    length = np.sqrt(nx * nx + ny * ny + 1)
    return np.stack([nx / length, ny / length, 1 / length]).astype(np.float32)


def _soft(u: Array, v: Array, scale: float, seed: int, cells: int = 4, octaves: int = 3) -> Array:
    shift = np.float32((seed % 97) * 0.0373)
    return noise.sample_soft(
        noise.cloud(cells, octaves, 71), u * np.float32(scale) + shift, v * np.float32(scale) + shift
    ) - np.float32(0.5)


def _cushion_shadow(stage: Stage, middle: tuple[float, float], wide: float, high: float) -> None:
    """Cast a cushion's shadow on floor and wall."""
    x, y = middle
    right, left = x + wide * 0.52, x - wide * 0.45
    wall = [(left + stage.side * 0.08, y + high * 0.40), (right + stage.side * 0.06, y + high * 0.36)]
    stage.shadow([ellipse(x + stage.side * 0.05, y - high * 0.46, wide * 0.50, high * 0.07)], 0.02, 0.55)
    stage.shadow([ellipse(x + stage.side * 0.10, y - high * 0.40, wide * 0.52, high * 0.16)], 0.05, 0.45)
    stage.shadow([[*wall, (right, y - high * 0.42), (left, y - high * 0.42)]], 0.05, 0.28)


def cushion(stage: Stage, spec: ArtSpec, middle: tuple[float, float], wide: float, high: float) -> None:
    """Draw a cushion standing against the wall: pinched corners, a full belly, piping, creases."""
    x, y = middle
    _cushion_shadow(stage, middle, wide, high)
    box = stage.box(x - wide * 0.56, x + wide * 0.56, y - high * 0.56, y + high * 0.56)
    across, up = stage.grid(box)
    a, b = (across - np.float32(x)) / np.float32(wide / 2), (up - np.float32(y)) / np.float32(high / 2)
    a, b = np.broadcast_arrays(a, b)
    wave = _soft(a, b, 0.21, spec.seed)
    pull_a = 1 - np.float32(0.10) * (1 - b * b).clip(0, 1) + wave * 0.03
    pull_b = 1 - np.float32(0.10) * (1 - a * a).clip(0, 1) + wave * 0.03
    p, q = a / pull_a, b / pull_b
    edge = np.maximum(np.abs(p), np.abs(q))
    corner = ((np.abs(p) ** 18 + np.abs(q) ** 18) ** np.float32(1 / 18)).astype(np.float32)
    mask = np.clip((1 - corner) * np.float32(min(wide, high) / 2 * stage.unit) + 0.5, 0, 1)
    dome = np.maximum((1 - p**2) * (1 - q**2), 0) ** np.float32(0.62)
    spokes = (
        np.sin(np.arctan2(q, p) * 14 + wave * 9)
        * smooth(0.45, 0.95, edge)
        * smooth(0.5, 1.3, np.abs(p) + np.abs(q) - 0.35)
    )
    relief = dome * np.float32(0.24 * min(wide, high) / 0.5) + spokes * 0.0045 + wave * dome * 0.035
    bow = 1 + 0.05 * dome
    colour = cloth(spec, a * np.float32(wide / 2) / bow, b * np.float32(high / 2) / bow, stage.unit)
    rim = np.exp(-(((corner - 0.985) / 0.012) ** 2)) if spec.param("weave") != "Kilim" else np.zeros_like(corner)
    colour = colour + (linear(spec.palette[2]) - colour) * (rim * 0.7)[None]
    normal = _normals(relief + rim * 0.004, stage.unit)
    low = 0.62 + 0.38 * smooth(-1.0, -0.45, q)
    stage.lay(
        box,
        light(stage, normal, colour, CLOTH, low * (0.80 + 0.20 * smooth(1.0, 0.86, corner))),
        mask.astype(np.float32),
    )


def _rail(stage: Stage, y: float, left: float, right: float, thick: float) -> None:
    """Draw an oak rail, held to the wall by two pegs."""
    stage.shadow(
        [
            [
                (left, y - 0.03),
                (right + 0.02, y - 0.03),
                (right + 0.02, y - 0.03 - thick * 2),
                (left, y - 0.03 - thick * 2),
            ]
        ],
        0.014,
        0.4,
    )
    piece = bar(stage, [(left, y), (right, y)], thick)
    across, up = stage.grid(piece.box)
    tone = linear("#c39b69") + (linear("#8f6338") - linear("#c39b69")) * boards(up * 1.0 + 0.2, across, 3)[None]
    stage.lay(piece.box, light(stage, piece.normal, tone, WOOD), piece.mask)


def _fringe(stage: Stage, spec: ArtSpec, tips: list[tuple[float, float]], long: float) -> None:
    """Hang twisted tassels from places along an edge."""
    chance = noise.generator(spec.seed + 9)
    for place, (x, y) in enumerate(tips):
        sway, drop = 0.010 * (chance.random() - 0.5), long * (0.85 + 0.3 * chance.random())
        piece = bar(
            stage,
            [(x, y + 0.004), (x + sway * 0.4, y - drop * 0.5), (x + sway, y - drop)],
            [0.0042, 0.0046, 0.0030],
            0.9,
        )
        if piece.box.empty:
            continue
        tone = linear(spec.palette[1 if place % 3 == 1 and spec.param("weave") in {"Check", "Stripe"} else 0])
        twist = 0.82 + 0.24 * np.sin(piece.along * 46)
        stage.lay(piece.box, light(stage, piece.normal, tone * twist[None], CLOTH), piece.mask)


@dataclass(frozen=True, slots=True)
class Drape:
    """A cloth that hangs: its middle, width, the rail's height, the hem's height, fringe length; `back` is the far end."""

    x: float
    wide: float
    top: float
    low: float
    fringe: float = 0.0
    back: bool = False


def _folds(drape: Drape, spec: ArtSpec, s: Array, down: Array) -> tuple[Array, float]:
    """Return the upright folds' wave, about -1 to 1, and the phase they begin with."""
    chance = noise.generator(spec.seed + (3 if drape.back else 0))
    count = 2.2 + 2.2 * float(chance.random())
    phase, second = float(chance.random()) * 6.28, float(chance.random()) * 6.28
    bendy = s + 0.05 * _soft(s, down, 0.23, spec.seed)
    broad = np.sin(bendy * np.float32(count * math.pi) + phase)
    return broad + 0.45 * np.sin(bendy * np.float32(count * 2.3 * math.pi) + second + down * 1.4), phase


def hung(stage: Stage, spec: ArtSpec, drape: Drape) -> None:
    """Draw cloth hanging from a rail in soft upright folds, hem or fringe below."""
    x, wide, top, low = drape.x, drape.wide, drape.top, drape.low
    box = stage.box(x - wide * 0.60, x + wide * 0.60, low - 0.03, top + 0.025)
    if box.empty:
        return
    across, up = np.broadcast_arrays(*stage.grid(box))
    down = (np.float32(top) - up) / np.float32(top - low)
    s = (across - np.float32(x)) / np.float32(wide / 2)
    fold, phase = _folds(drape, spec, s, down)
    relief = fold * np.float32(0.017) * (0.55 + 0.45 * np.clip(down, 0, 1)) + 0.012 * _soft(s, down, 0.5, spec.seed + 2)
    over = np.clip((up - np.float32(top - 0.012)) / np.float32(0.03), 0, 1)
    relief = relief - over * over * np.float32(0.05)
    from_side = (1 - np.abs(s / (1 + 0.05 * down * np.sin(down * 2 + phase)))) * np.float32(wide / 2)
    hem = np.float32(low) + 0.005 * fold
    inside = np.minimum(np.minimum(from_side, up - hem), np.float32(top + 0.02) - up)
    mask = np.clip(inside * np.float32(stage.unit) + 0.5, 0, 1)
    colour = cloth(spec, s * np.float32(wide / 2) + 0.30 * relief, up + 0.004 * fold, stage.unit)
    seams = np.exp(-np.abs(up - hem - 0.010) / 0.0016) * 0.25 + np.exp(-np.maximum(from_side, 0) / 0.004) * 0.18
    shade = np.clip(0.90 + 7.5 * relief, 0.55, 1.06) * (1 - seams) * (0.72 if drape.back else 1.0)
    stage.lay(box, light(stage, _normals(relief, stage.unit), colour, CLOTH, shade), mask.astype(np.float32))
    if drape.fringe:
        columns = np.linspace(x - wide * 0.485, x + wide * 0.485, int(wide / 0.0115))
        row = min(max(0, int(stage.py(low)) - box.top), mask.shape[0] - 1)
        spots = [min(max(0, int(stage.px(float(column))) - box.left), mask.shape[1] - 1) for column in columns]
        tips = [(float(column), float(hem[row, spot])) for column, spot in zip(columns, spots, strict=True)]
        _fringe(stage, spec, tips, drape.fringe)


def _hanging(stage: Stage, spec: ArtSpec, wide: float, drop: float, *, fringe: float) -> None:
    """Draw rail and cloth, the far end showing below behind the near one."""
    top = 0.30
    low = top - drop
    shapes = [[(-wide / 2, top), (wide / 2, top), (wide / 2, low), (-wide / 2, low)]]
    moved = [[(px + stage.side * 0.035, py - 0.02) for px, py in shape] for shape in shapes]
    stage.shadow(moved, 0.03, 0.34)
    stage.shadow([[(px + stage.side * 0.012, py - 0.008) for px, py in shape] for shape in shapes], 0.010, 0.35)
    reach = wide / 2 + 0.14
    _rail(stage, top, -reach, reach, 0.013)
    behind = 0.05 + 0.08 * ((spec.seed >> 3) % 5) / 4
    hung(stage, spec, Drape(0.03 * stage.side, wide * 0.985, top, low - behind, fringe, back=True))
    hung(stage, spec, Drape(0.0, wide, top, low, fringe))


@dataclass(frozen=True, slots=True)
class Pile:
    """A folded cloth: width, layers, a layer's height, fringe length."""

    wide: float
    layers: int
    thick: float
    fringe: float = 0.0

    @property
    def deep(self) -> float:
        """Return how far it goes back."""
        return self.wide * 0.62


def _pile_shadow(stage: Stage, wide: float, near: float, far: float) -> None:
    """Cast a pile's shadow: away from the window, and the dark line it stands on."""
    side = stage.side
    back = [(wide / 2 + side * 0.08, far * 0.6), (-wide / 2 + side * 0.06, far * 0.6)]
    stage.shadow([[(-wide / 2 + 0.02, near + 0.03), (wide / 2 + side * 0.10, near + 0.04), *back]], 0.05, 0.45)
    foot = [(wide * 0.50, near - 0.006), (-wide * 0.49, near - 0.006)]
    stage.shadow([[(-wide * 0.50, near + 0.02), (wide * 0.51, near + 0.02), *foot]], 0.009, 0.8)


def _pile_normal(stage: Stage, spec: ArtSpec, s: Array, up: Array, rolls: tuple[Array, Array, Array]) -> Array:
    """Return the normals of a pile: rolled layers in front (bulge -1 to 1), the top (upper 1) going back (0 to 1)."""
    bulge, upper, back = rolls
    crest = np.exp(-back / 0.10)
    flat = stage.cos * (1 - 0.45 * crest) - 0.10 + 0.12 * _soft(s, back, 0.35, spec.seed + 6)
    ny = np.clip(bulge, -1, 1) * 0.92 * (1 - upper) + flat * upper
    nx = s**9 * 0.8 + 0.20 * _soft(s, up, 0.6, spec.seed + 5)
    nz = np.sqrt(np.maximum(1 - ny * ny - nx * nx, 0.02))
    length = np.sqrt(nx * nx + ny * ny + nz * nz)
    return np.stack([nx / length, ny / length, nz / length]).astype(np.float32)


def folded(stage: Stage, spec: ArtSpec, pile: Pile) -> None:
    """Draw a folded pile: rounded layers in front, the top going back."""
    wide, thick = pile.wide, pile.thick
    top = pile.layers * thick
    near, far = stage.project(0, pile.deep / 2), stage.project(top, -pile.deep / 2)
    _pile_shadow(stage, wide, near, far)
    box = stage.box(-wide / 2 - 0.02, wide / 2 + 0.02, near - 0.02, far + 0.03)
    across, up = np.broadcast_arrays(*stage.grid(box))
    s = across / np.float32(wide / 2)
    sag = 0.010 * _soft(s, np.zeros_like(s), 0.16, spec.seed) - 0.006 * s * s
    height = (up - np.float32(near)) - sag
    above = height - np.float32(top * stage.cos)
    at = height / np.float32(thick * stage.cos) + 0.08 * _soft(s, up, 0.35, spec.seed + 4)
    layer = np.clip(np.floor(at), 0, pile.layers - 1)
    inside = np.clip(at - layer, 0, 1)
    upper, bulge = smooth(-0.004, 0.004, above), (inside - 0.5) * 2
    back = np.clip(above / np.float32(pile.deep * stage.sin), 0, 1)
    normal = _pile_normal(stage, spec, s, up, (bulge, upper, back))
    furrow = np.exp(-(np.minimum(inside, 1 - inside) / 0.11)) * (1 - upper) * (at < pile.layers - 0.12)
    dark = (1 - 0.72 * furrow) * (0.72 + 0.28 * np.clip(height / 0.06, 0, 1))
    rolled = np.arcsin(np.clip(bulge, -1, 1)) * np.float32(thick / 2) + layer * 0.21
    v = np.where(upper > 0.5, above / np.float32(stage.sin) + 0.4, rolled)
    colour = cloth(spec, across + layer * np.float32(0.03) * (1 - upper), v, stage.unit)
    reach = 1 + 0.010 * np.sin(layer * 12.9 + spec.seed % 13) - 0.012 * bulge * bulge * (1 - upper)
    reach = reach - 0.010 * upper * np.clip(back * 4 - 3, 0, 1)
    rear = np.float32(far) + sag - 0.010 * s**8 - up
    within = np.minimum(np.minimum((reach - np.abs(s)) * np.float32(wide / 2), rear), height - 0.008 * s**12)
    mask = np.clip(within * np.float32(stage.unit) + 0.5, 0, 1)
    stage.lay(box, light(stage, normal, colour, CLOTH, dark), mask.astype(np.float32))
    if pile.fringe:
        columns = np.linspace(-wide * 0.46, wide * 0.46, int(wide / 0.0125))
        _fringe(stage, spec, [(float(column), near + thick * stage.cos * 1.04) for column in columns], pile.fringe)


def _stage(spec: ArtSpec, view: int, size: int, camera: Camera, horizon: float) -> Stage:
    stage = Stage(size, camera, mirrored=(spec.seed + view) % 3 == 0, seed=spec.seed + view)
    wall, floor = paper("textile", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, horizon, 0.05 if horizon > -0.5 else 0.2)
    return stage


def _close(spec: ArtSpec, size: int) -> Image.Image:
    """Draw cloth close, one soft fold across it."""
    stage = _stage(spec, 2, size, Camera(0.02, -0.02, 2.1, 0.2), -0.9)
    hung(stage, spec, Drape(0.0, 0.9, 0.6, -0.6))
    return stage.finish()


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the textile: 0 as the design says, 1 the other way, 2 close."""
    if view == 2:
        return _close(spec, size)
    kind, name = spec.design.split(".")
    if kind == "cushion":
        wide, high = (0.60, 0.60) if name == "square" else (0.76, 0.42)
        stage = _stage(spec, view, size, Camera(0, 0, 1.0 if view == 0 else 1.55, 0.2), -0.27)
        if view == 1:
            stage.camera = Camera(-0.12, 0.10, 1.7, 0.2)
        cushion(stage, spec, (0.0, 0.0), wide, high)
        return stage.finish()
    if (name in {"folded"}) == (view == 0):
        return _pile(spec, kind, view, size)
    stage = _stage(spec, view, size, Camera(0, 0.0, 1.0, 0.2), -0.8)
    wide, drop = {"throw": (0.56, 0.54), "scarf": (0.25, 0.56), "towel": (0.40, 0.50)}[kind]
    _hanging(stage, spec, wide, drop, fringe=0.0 if kind == "towel" else 0.05)
    return stage.finish()


def _pile(spec: ArtSpec, kind: str, view: int, size: int) -> Image.Image:
    pile = {"throw": Pile(0.66, 4, 0.070, 0.075), "scarf": Pile(0.56, 3, 0.062, 0.060), "towel": Pile(0.56, 4, 0.040)}[
        kind
    ]
    stage = _stage(spec, view, size, Camera(0, 0.055, 1.0, 0.46), 0.22)
    folded(stage, spec, pile)
    return stage.finish()
