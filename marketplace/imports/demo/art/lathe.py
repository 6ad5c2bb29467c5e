"""Surfaces of revolution: the visible side of a turned profile, found exactly, column by column."""

import itertools
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from marketplace.imports.demo.art.colour import Array
from marketplace.imports.demo.art.stage import Box, Stage, ellipse

_TABLE = 3072
_OVER = 3  # masks are drawn so many times larger and reduced


@dataclass(frozen=True, slots=True)
class Profile:
    """Radius and height, from foot to top (or, for an inside, from rim to middle), in world units."""

    r: Array
    y: Array

    @property
    def widest(self) -> float:
        """Return the largest radius."""
        return float(self.r.max())

    @property
    def top(self) -> float:
        """Return the largest height."""
        return float(self.y.max())


@dataclass(frozen=True, slots=True)
class Surface:
    """What is seen of a thing: pixels, coverage, normals to the camera, angle (-pi to pi), height, radius, depth."""

    box: Box
    mask: Array
    normal: Array
    angle: Array
    y: Array
    r: Array
    z: Array


def curve(points: list[tuple[float, float]], count: int = 150) -> Profile:
    """Return a smooth profile through (radius, height) points: Catmull-Rom with chord-length steps."""
    raw = np.array(points, dtype=np.float64)
    steps = np.maximum(np.hypot(*np.diff(raw, axis=0).T), 1e-6) ** 0.5
    knots = np.concatenate([[0.0], np.cumsum(steps)])
    tangents = (
        np.gradient(raw, knots, axis=0) if len(raw) > 2 else np.repeat(np.diff(raw, axis=0) / steps[:, None], 2, axis=0)
    )
    at = np.linspace(0, knots[-1], count)
    piece = np.clip(np.searchsorted(knots, at, side="right") - 1, 0, len(raw) - 2)
    width = (knots[piece + 1] - knots[piece])[:, None]
    t = ((at - knots[piece]) / width[:, 0])[:, None]
    t2, t3 = t * t, t * t * t
    bent = (
        (2 * t3 - 3 * t2 + 1) * raw[piece]
        + (t3 - 2 * t2 + t) * width * tangents[piece]
        + (3 * t2 - 2 * t3) * raw[piece + 1]
        + (t3 - t2) * width * tangents[piece + 1]
    )
    return Profile(np.maximum(bent[:, 0], 0).astype(np.float32), bent[:, 1].astype(np.float32))


def join(*parts: Profile) -> Profile:
    """Return profiles one after the other; corners between them stay sharp."""
    return Profile(np.concatenate([part.r for part in parts]), np.concatenate([part.y for part in parts]))


def line(points: list[tuple[float, float]], count: int = 24) -> Profile:
    """Return straight pieces through (radius, height) points."""
    r = np.concatenate([np.linspace(a[0], b[0], count) for a, b in itertools.pairwise(points)])
    y = np.concatenate([np.linspace(a[1], b[1], count) for a, b in itertools.pairwise(points)])
    return Profile(r.astype(np.float32), y.astype(np.float32))


def lip(rim_r: float, rim_y: float, wall: float) -> Profile:
    """Return the rounded edge of an opening: from the outside, over the top, to the inside."""
    angles = np.linspace(0, math.pi, 18)
    half = wall / 2
    return Profile(
        (rim_r - half + half * np.cos(angles)).astype(np.float32), (rim_y + half * np.sin(angles)).astype(np.float32)
    )


def turn(
    stage: Stage,
    profile: Profile,
    x: float = 0.0,
    z: float = 0.0,
    *,
    both_sides: bool = True,
    cover: Profile | None = None,
) -> Surface:
    """Return what the camera sees of a profile turned about the upright axis at x, z.

    both_sides: also the part behind the axis (closed tops, insides); False for outsides of open vessels.
    cover: the part of the profile that bounds what is seen, as the edge does of an inside.
    """
    radius, high, slope_r, slope_y, sign = _sequence(profile, both_sides)
    reach = profile.widest
    ground = -z * stage.sin
    low = float((high * stage.cos - radius * stage.sin).min()) + ground
    top = float((high * stage.cos + (radius * stage.sin if both_sides else 0)).max()) + ground
    box = stage.box(x - reach, x + reach, low, top)
    across, up = stage.grid(box)
    dx = across[0] - np.float32(x)
    place = _invert(stage, np.abs(dx), up[:, 0] - np.float32(ground), (radius, high, sign), hollow=cover is not None)
    index = np.minimum((place * (_TABLE - 1) / (len(radius) - 1)).astype(np.int32), _TABLE - 1)
    spread = np.linspace(0, len(radius) - 1, _TABLE)
    table = [
        np.interp(spread, np.arange(len(radius)), part).astype(np.float32)
        for part in (radius, high, slope_r, slope_y, sign)
    ]
    r, y, dr, dy, way = (part[index] for part in table)
    inner = np.clip(dx[None, :] / np.maximum(r, 1e-4), -1, 1)
    deep = np.sqrt(1 - inner * inner) * np.sign(way)
    ny, nz = -dr, dy * deep
    normal = np.stack([dy * inner, ny * stage.cos - nz * stage.sin, ny * stage.sin + nz * stage.cos])
    mask = _cover(stage, box, cover or profile, x, ground)
    return Surface(box, mask, normal, np.arctan2(inner, deep), y, r, deep * r)


def _sequence(profile: Profile, both_sides: bool) -> tuple[Array, Array, Array, Array, Array]:
    """Return radius, height, unit tangent and side of the ring sequence, front first and then back."""
    r, y = profile.r, profile.y
    dr, dy = np.gradient(r), np.gradient(y)
    length = np.maximum(np.hypot(dr, dy), 1e-9)
    dr, dy = dr / length, dy / length
    parts = (r, y, dr, dy, np.ones_like(r))
    if both_sides:
        parts = (
            np.concatenate([r, r[::-1]]), np.concatenate([y, y[::-1]]), np.concatenate([dr, dr[::-1]]),
            np.concatenate([dy, dy[::-1]]), np.concatenate([np.ones_like(r), -np.ones_like(r)]),
        )  # fmt: skip
    first, second, third, fourth, fifth = (part.astype(np.float32) for part in parts)
    return first, second, third, fourth, fifth


def _invert(stage: Stage, away: Array, up: Array, rings: tuple[Array, Array, Array], *, hollow: bool) -> Array:
    """Return, for every pixel, how far along the sequence the visible point lies; nearest the camera wins.

    Of an outside, a ring is hidden when a higher one hangs in front of it; of a hollow, when a nearer one stands up.
    """
    radius, high, sign = rings
    deep = np.sqrt(np.maximum(radius[:, None] ** 2 - away[None, :] ** 2, 0)) * sign[:, None]
    seen = high[:, None] * np.float32(stage.cos) - deep * np.float32(stage.sin)
    top = np.argmax(seen, axis=0)
    peak = np.take_along_axis(seen, top[None, :], axis=0)
    seen = np.where(np.arange(len(radius))[:, None] > top[None, :], peak, seen)
    seen = np.maximum.accumulate(seen, axis=0) if hollow else np.minimum.accumulate(seen[::-1], axis=0)[::-1]
    seen = seen + np.arange(len(radius), dtype=np.float32)[:, None] * np.float32(1e-7)
    steps = np.arange(len(radius), dtype=np.float32)
    place = np.empty((len(up), len(away)), dtype=np.float32)
    known: dict[float, int] = {}
    rising = up[::-1]
    for column, distance in enumerate(away):
        key = round(float(distance), 5)
        twin = known.get(key)
        if twin is not None:
            place[:, column] = place[:, twin]
            continue
        known[key] = column
        place[:, column] = np.interp(rising, seen[:, column], steps)[::-1]
    return place


def _cover(stage: Stage, box: Box, profile: Profile, x: float, ground: float) -> Array:
    """Return the silhouette's coverage: the outline between the rings, and the rings where the profile turns."""
    wide, tall = box.right - box.left, box.bottom - box.top
    if box.empty:
        return np.zeros((max(0, tall), max(0, wide)), dtype=np.float32)
    mask = Image.new("L", (wide * _OVER, tall * _OVER), 0)
    pen = ImageDraw.Draw(mask)

    def spot(across: float, up: float) -> tuple[float, float]:
        return (stage.px(across) - box.left) * _OVER, (stage.py(up) - box.top) * _OVER

    left = [spot(x - float(r), float(y) * stage.cos + ground) for r, y in zip(profile.r, profile.y, strict=True)]
    right = [spot(x + float(r), float(y) * stage.cos + ground) for r, y in zip(profile.r, profile.y, strict=True)]
    pen.polygon(left + right[::-1], fill=255)
    for place in _telling_rings(profile):
        r, y = float(profile.r[place]), float(profile.y[place])
        pen.polygon([spot(a, b) for a, b in ellipse(x, y * stage.cos + ground, r, r * stage.sin, 96)], fill=255)
    return np.asarray(mask.reduce(_OVER), dtype=np.float32) / 255


def _telling_rings(profile: Profile) -> list[int]:
    """Return the rings that may stand out of the outline: both ends, and steps of turning radius."""
    walked = np.cumsum(np.abs(np.gradient(profile.r)))
    chosen = {0, len(profile.r) - 1, int(np.argmax(profile.r)), int(np.argmax(profile.y))}
    marks = np.linspace(0, walked[-1], 40)
    chosen.update(int(np.searchsorted(walked, mark)) for mark in marks)
    return sorted(place for place in chosen if place < len(profile.r) and profile.r[place] > 1e-4)


def ground_shadow(stage: Stage, profile: Profile, x: float = 0.0, z: float = 0.0, strength: float = 0.5) -> None:
    """Cast a turned thing's soft shadow on the floor, away from the window, and the dark line where it stands."""
    ground = -z * stage.sin
    order = np.linspace(0, len(profile.r) - 1, 26).astype(int)
    near: list[list[tuple[float, float]]] = []
    far: list[list[tuple[float, float]]] = []
    for place in order:
        r, y = float(profile.r[place]), float(profile.y[place])
        ring = ellipse(x + stage.side * y * 0.62, ground + y * 0.30 * stage.sin, r, r * stage.sin, 28)
        (near if y < profile.top * 0.4 else far).append(ring)
    foot = float(profile.r[0])
    stage.shadow(far + near, profile.top * 0.11 + 0.012, strength * 0.42)
    stage.shadow(near, profile.top * 0.035 + 0.008, strength * 0.42)
    stage.shadow(
        [ellipse(x + stage.side * foot * 0.06, ground - 0.004, foot * 1.05, foot * 1.05 * stage.sin)],
        0.010,
        strength * 1.0,
    )
    stage.shadow([ellipse(x, ground - foot * 0.05, foot * 1.5, foot * 1.5 * stage.sin)], 0.035, strength * 0.55)
