"""Pots: their profiles, insides, handles, spouts and lids."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from marketplace.imports.demo.art.lathe import Profile, curve, join, line, lip

Points = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Strap:
    """A handle or spout in the picture's plane: points in x and height, and its half width at each end."""

    points: Points
    thick: float
    thin: float
    front: bool = False


@dataclass(frozen=True, slots=True)
class Vessel:
    """A pot: outside, edge, inside (None when closed), lid, straps, camera pitch and height."""

    outside: Profile
    height: float
    pitch: float
    edge: Profile | None = None
    inside: Profile | None = None
    lid: Profile | None = None
    straps: tuple[Strap, ...] = field(default=())


def opened(points: Points, pitch: float, wall: float = 0.014, straps: tuple[Strap, ...] = ()) -> Vessel:
    """Return an open pot from its outer points, foot first; the inside follows the outside a wall's width in."""
    outer = curve(points)
    rim_r, rim_y = float(outer.r[-1]), float(outer.y[-1])
    edge = lip(rim_r, rim_y, wall)
    keep = outer.y > wall * 2.2
    depth = np.maximum(outer.r[keep][::-1] - wall, 0.004)
    inner = Profile(depth.astype(np.float32), outer.y[keep][::-1])
    floor = line([(float(inner.r[-1]), float(inner.y[-1])), (0.0, float(inner.y[-1]) - 0.002)], 16)
    foot = line([(points[0][0] * 0.96, 0.0), points[0]], 4)
    return Vessel(join(foot, outer), rim_y + wall / 2, pitch, edge, join(edge, inner, floor), straps=straps)


def _vary(points: Points, chance: np.random.Generator, across: float = 0.06, up: float = 0.05) -> Points:
    """Return the points a little wider or narrower, taller or lower."""
    wide = 1 + across * (2 * float(chance.random()) - 1)
    tall = 1 + up * (2 * float(chance.random()) - 1)
    belly = 1 + 0.05 * (2 * float(chance.random()) - 1)
    middle = len(points) // 2
    return [(r * wide * (belly if abs(place - middle) <= 1 else 1), y * tall) for place, (r, y) in enumerate(points)]


_VASES: dict[str, Points] = {
    "bottle": [(0.085, 0.004), (0.125, 0.05), (0.15, 0.15), (0.125, 0.27), (0.052, 0.37), (0.036, 0.45),
        (0.040, 0.52), (0.050, 0.545)],
    "moon": [(0.090, 0.004), (0.150, 0.045), (0.212, 0.14), (0.228, 0.24), (0.200, 0.34), (0.125, 0.415),
        (0.088, 0.43), (0.092, 0.455)],
    "cylinder": [(0.118, 0.004), (0.128, 0.02), (0.130, 0.15), (0.131, 0.30), (0.130, 0.44), (0.128, 0.50)],
    "shoulder": [(0.082, 0.004), (0.095, 0.06), (0.130, 0.20), (0.170, 0.34), (0.165, 0.41), (0.105, 0.465),
        (0.070, 0.485), (0.078, 0.52)],
    "bud": [(0.085, 0.004), (0.122, 0.05), (0.142, 0.13), (0.115, 0.21), (0.050, 0.265), (0.034, 0.32),
        (0.036, 0.37), (0.048, 0.39)],
    "amphora": [(0.070, 0.004), (0.082, 0.03), (0.120, 0.14), (0.165, 0.29), (0.160, 0.38), (0.085, 0.455),
        (0.062, 0.50), (0.066, 0.55), (0.085, 0.57)],
    "waist": [(0.125, 0.004), (0.138, 0.05), (0.118, 0.17), (0.082, 0.28), (0.085, 0.36), (0.112, 0.46), (0.122, 0.50)],
    "footed": [(0.082, 0.004), (0.074, 0.025), (0.062, 0.05), (0.100, 0.10), (0.160, 0.20), (0.172, 0.30),
        (0.140, 0.40), (0.112, 0.46), (0.120, 0.49)],
    "gourd": [(0.095, 0.004), (0.150, 0.06), (0.168, 0.14), (0.130, 0.235), (0.090, 0.28), (0.104, 0.34),
        (0.100, 0.40), (0.056, 0.455), (0.048, 0.49), (0.056, 0.51)],
    "tulip": [(0.080, 0.004), (0.120, 0.05), (0.138, 0.13), (0.105, 0.23), (0.064, 0.31), (0.060, 0.38),
        (0.092, 0.47), (0.122, 0.525)],
}  # fmt: skip
_BOWLS: dict[str, tuple[Points, float]] = {
    "breakfast": (
        [(0.095, 0.004), (0.098, 0.022), (0.150, 0.050), (0.205, 0.110), (0.228, 0.180), (0.234, 0.225)],
        0.50,
    ),
    "ramen": ([(0.090, 0.004), (0.094, 0.030), (0.150, 0.065), (0.215, 0.130), (0.255, 0.210), (0.272, 0.245)], 0.48),
    "serving": ([(0.120, 0.004), (0.124, 0.020), (0.200, 0.045), (0.275, 0.100), (0.312, 0.165), (0.322, 0.195)], 0.52),
    "dip": ([(0.090, 0.004), (0.094, 0.016), (0.150, 0.035), (0.190, 0.080), (0.200, 0.130)], 0.56),
    "turned": ([(0.100, 0.004), (0.130, 0.018), (0.205, 0.060), (0.258, 0.130), (0.270, 0.190), (0.262, 0.220)], 0.50),
    "shallow": ([(0.110, 0.004), (0.150, 0.014), (0.245, 0.045), (0.315, 0.095), (0.338, 0.125)], 0.52),
}
_PLATES: dict[str, tuple[Points, float]] = {
    "dinner": ([(0.215, 0.004), (0.220, 0.014), (0.290, 0.022), (0.340, 0.034), (0.352, 0.044)], 0.86),
    "side": ([(0.200, 0.004), (0.205, 0.012), (0.260, 0.018), (0.300, 0.040), (0.308, 0.056)], 0.82),
    "pasta": ([(0.140, 0.004), (0.145, 0.014), (0.230, 0.034), (0.252, 0.068), (0.325, 0.082), (0.340, 0.087)], 0.74),
}
_MUGS: dict[str, tuple[Points, bool, float]] = {
    "straight": ([(0.150, 0.004), (0.166, 0.020), (0.168, 0.140), (0.168, 0.270), (0.170, 0.360)], True, 0.36),
    "belly": (
        [(0.120, 0.004), (0.160, 0.035), (0.188, 0.130), (0.180, 0.230), (0.152, 0.310), (0.158, 0.345)],
        True,
        0.36,
    ),
    "tall": ([(0.125, 0.004), (0.138, 0.020), (0.144, 0.180), (0.150, 0.340), (0.156, 0.430)], True, 0.32),
    "espresso": ([(0.095, 0.004), (0.130, 0.030), (0.150, 0.110), (0.156, 0.200), (0.160, 0.260)], True, 0.40),
    "tumbler": ([(0.120, 0.004), (0.138, 0.020), (0.152, 0.150), (0.164, 0.290), (0.172, 0.370)], False, 0.34),
    "teabowl": (
        [(0.090, 0.004), (0.093, 0.028), (0.160, 0.065), (0.205, 0.140), (0.215, 0.215), (0.212, 0.255)],
        False,
        0.42,
    ),
}


def _ear(points: Points, chance: np.random.Generator) -> tuple[Strap, ...]:
    """Return a mug's handle, from under the rim to above the foot."""
    top, low = points[-1], points[1]
    high = top[1]
    wall = max(r for r, _y in points)
    out = 0.095 + 0.03 * float(chance.random())
    spread = 0.78 + 0.08 * float(chance.random())
    loop = [
        (top[0] - 0.012, high * spread), (wall + out * 0.55, high * (spread + 0.04)), (wall + out, high * 0.60),
        (wall + out * 0.72, high * 0.34), (low[0] - 0.002, high * 0.22),
    ]  # fmt: skip
    return (Strap(loop, 0.024, 0.019),)


def _teapot(low: bool, chance: np.random.Generator) -> Vessel:
    tall = 0.215 if low else 0.275
    wide = 0.215 if low else 0.190
    body = _vary(
        [(wide * 0.55, 0.004), (wide * 0.86, tall * 0.14), (wide, tall * 0.48), (wide * 0.84, tall * 0.80),
            (wide * 0.50, tall * 0.98)],
        chance, 0.04, 0.04,
    )  # fmt: skip
    mouth_r, mouth_y = body[-1]
    outside = join(line([(body[0][0] * 0.96, 0.0), body[0]], 4), curve(body))
    rise = 0.035 + 0.02 * float(chance.random())
    knob = 0.026 + 0.006 * float(chance.random())
    lid = join(
        line([(mouth_r * 1.02, mouth_y - 0.002), (mouth_r * 1.03, mouth_y + 0.008)], 6),
        curve([(mouth_r * 1.03, mouth_y + 0.008), (mouth_r * 0.8, mouth_y + rise * 0.6),
            (mouth_r * 0.3, mouth_y + rise), (knob * 0.5, mouth_y + rise + 0.004)], 40),
        curve([(knob * 0.5, mouth_y + rise + 0.006), (knob * 1.05, mouth_y + rise + knob),
            (knob * 0.8, mouth_y + rise + knob * 1.8), (0.0, mouth_y + rise + knob * 2.05)], 40),
    )  # fmt: skip
    spout = Strap(
        [
            (-wide * 0.72, tall * 0.34),
            (-wide * 1.12, tall * 0.46),
            (-wide * 1.30, tall * 0.76),
            (-wide * 1.56, tall * 0.98),
        ],
        0.052,
        0.021,
    )
    ear = Strap(
        [(wide * 0.78, tall * 0.84), (wide * 1.32, tall * 0.98), (wide * 1.62, tall * 0.66),
            (wide * 1.34, tall * 0.30), (wide * 0.88, tall * 0.22)],
        0.020, 0.017,
    )  # fmt: skip
    return Vessel(outside, mouth_y + rise + knob * 2, 0.26, lid=lid, straps=(spout, ear))


_JUGS: dict[str, Points] = {
    "milk": [(0.115, 0.004), (0.150, 0.04), (0.162, 0.14), (0.130, 0.26), (0.112, 0.33), (0.128, 0.39)],
    "water": [(0.120, 0.004), (0.150, 0.05), (0.160, 0.17), (0.130, 0.31), (0.100, 0.41), (0.104, 0.48), (0.118, 0.52)],
    "pitcher": [(0.110, 0.004), (0.165, 0.07), (0.180, 0.17), (0.140, 0.29), (0.108, 0.37), (0.120, 0.45)],
}


def _jug(name: str, chance: np.random.Generator) -> Vessel:
    points = _vary(_JUGS[name], chance, 0.04)
    rim_r, rim_y = points[-1]
    wide = max(r for r, _y in points)
    ear = Strap(
        [(rim_r - 0.01, rim_y * 0.93), (wide + 0.075, rim_y * 0.93), (wide + 0.105, rim_y * 0.68),
            (wide + 0.05, rim_y * 0.44), (wide - 0.02, rim_y * 0.36)],
        0.023, 0.018,
    )  # fmt: skip
    beak = Strap(
        [(-rim_r * 0.62, rim_y * 0.86), (-rim_r * 0.96, rim_y * 0.965), (-rim_r * 1.34, rim_y * 1.035)], 0.046, 0.017
    )
    return opened(points, 0.27, straps=(ear, beak))


def _amphora(chance: np.random.Generator) -> Vessel:
    points = _vary(_VASES["amphora"], chance)
    neck, high = points[-3][0], points[-2][1]
    shoulder = points[4]
    ears = tuple(
        Strap([(side * (neck - 0.004), high * 0.97), (side * (shoulder[0] * 0.86), high * 0.98),
            (side * (shoulder[0] * 0.93), shoulder[1] + 0.005)], 0.017, 0.014)
        for side in (-1, 1)
    )  # fmt: skip
    return opened(points, 0.20, straps=ears)


def vessel(design: str, chance: np.random.Generator) -> Vessel:
    """Return the pot of a design ("vase.moon", "mug.tall", …), a little different for every generator."""
    kind, name = design.split(".")
    special: dict[str, Callable[[], Vessel]] = {
        "vase.amphora": lambda: _amphora(chance),
        "teapot.round": lambda: _teapot(False, chance),
        "teapot.low": lambda: _teapot(True, chance),
    }
    if design in special:
        return special[design]()
    if kind == "jug":
        return _jug(name, chance)
    if kind == "vase":
        return opened(_vary(_VASES[name], chance), 0.20)
    if kind == "bowl":
        points, pitch = _BOWLS[name]
        return opened(_vary(points, chance, 0.04, 0.08), pitch, 0.016)
    if kind == "plate":
        points, pitch = _PLATES[name]
        return opened(_vary(points, chance, 0.03, 0.08), pitch, 0.012)
    points, eared, pitch = _MUGS[name]
    points = _vary(points, chance, 0.05, 0.06)
    return opened(points, pitch, 0.015, _ear(points, chance) if eared else ())
