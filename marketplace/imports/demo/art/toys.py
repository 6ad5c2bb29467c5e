"""Draws toys: turned, painted, and stood in small groups."""

import numpy as np
from PIL import Image

from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import blend, linear
from marketplace.imports.demo.art.lathe import Profile, curve, ground_shadow, line
from marketplace.imports.demo.art.lathework import turned
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage
from marketplace.imports.demo.art.tube import bar

Point = tuple[float, float]


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
        turned(stage, spec, profile, x, z, tint, place)


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


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
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
        turned(stage, spec, dome(r), x, z, tints[(place + turnabout) % 5] if place != 3 else None, place)


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
        turned(stage, spec, Profile(whole.r[~neck], whole.y[~neck]), x, z, tints[(place + turnabout) % 5], place)
        turned(stage, spec, Profile(whole.r[neck], whole.y[neck]), x, z, None, place)
    turned(stage, spec, ball, 0.24, 0.16, blend(tints[(turnabout + 1) % 5], "#ffffff", 0.1), 9)
