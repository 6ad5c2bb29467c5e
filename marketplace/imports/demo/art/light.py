"""How a surface takes the studio's light: one large soft window, a weak fill, sky, floor, and reflections of both."""

from dataclasses import dataclass

import numpy as np

from marketplace.imports.demo.art.colour import Array
from marketplace.imports.demo.art.stage import Stage


@dataclass(frozen=True, slots=True)
class Material:
    """gloss: strength of reflections; rough: how blurred they are (0.03 mirror, 0.5 chalk); sheen: pale edge of cloth."""

    gloss: float = 0.5
    rough: float = 0.12
    sheen: float = 0.0
    wrap: float = 0.25


MATT = Material(gloss=0.05, rough=0.5, wrap=0.35)
SATIN = Material(gloss=0.35, rough=0.3)
GLOSS = Material(gloss=0.95, rough=0.07)
CLOTH = Material(gloss=0.0, rough=0.6, sheen=0.10, wrap=0.45)
WOOD = Material(gloss=0.16, rough=0.35, wrap=0.3)

FINISH = {"Matt": MATT, "Satin": SATIN, "Gloss": GLOSS}

_KEY = np.array([-0.58, 0.56, 0.60], dtype=np.float32)
_KEY = _KEY / np.linalg.norm(_KEY)
_KEY_TINT = np.array([1.03, 1.0, 0.955], dtype=np.float32).reshape(3, 1, 1)
_FILL_TINT = np.array([0.95, 0.99, 1.05], dtype=np.float32).reshape(3, 1, 1)


def _step(edge: float, softness: float, value: Array) -> Array:
    share = np.clip((edge + softness - value) / (2 * softness), 0, 1)
    result: Array = share * share * (3 - 2 * share)
    return result


def _window(rx: Array, ry: Array, rz: Array, rough: float) -> Array:
    """Return how much of the window a reflected ray meets: an upright softbox, up to the left of the camera."""
    facing = rx * _KEY[0] + ry * _KEY[1] + rz * _KEY[2]
    safe = np.maximum(facing, 0.12)
    across = np.abs((rx * 0.719 + rz * 0.695) / safe)
    up = np.abs((rx * 0.389 + ry * 0.828 - rz * 0.403) / safe)
    lit = _step(0.34, 0.05 + rough, across) * _step(0.50, 0.06 + rough, up)
    result: Array = lit * (facing > 0.12)
    return result


def light(stage: Stage, normal: Array, albedo: Array, material: Material, shade: Array | float = 1.0) -> Array:
    """Return the colour of a surface: normals (3, h, w) towards the camera, `shade` what the room lets through."""
    nx = normal[0] * np.float32(stage.side)
    ny, nz = normal[1], normal[2]
    lambert = nx * _KEY[0] + ny * _KEY[1] + nz * _KEY[2]
    wrap = np.float32(material.wrap)
    key = np.clip((lambert + wrap) / (1 + wrap), 0, 1)
    fill = np.clip(nx * 0.75 + nz * 0.66, 0, 1) * np.float32(0.13)
    sky = (0.5 + 0.5 * ny) * np.float32(0.24) + np.float32(0.05)
    bounce = np.clip(0.45 - 0.55 * ny, 0, 1) * np.float32(0.16)
    tint = _KEY_TINT * (key * np.float32(0.80)) + _FILL_TINT * (fill + sky)
    tint += stage.floor_tint * bounce
    tint *= shade
    colour = albedo * tint
    if material.sheen:
        colour += (np.clip(1 - nz, 0, 1) ** 3 * (material.sheen * np.clip(key + 0.2, 0, 1)))[None]
    if material.gloss:
        colour += _reflection(nx, ny, nz, material)[None] * shade
    result: Array = colour.astype(np.float32, copy=False)
    return result


def _reflection(nx: Array, ny: Array, nz: Array, material: Material) -> Array:
    double = 2 * nz
    rx, ry, rz = double * nx, double * ny, double * nz - 1
    edge = np.clip(1 - nz, 0, 1)
    fresnel = 0.05 + 0.62 * edge * edge * edge * edge * edge
    window = _window(rx, ry, rz, material.rough) * np.float32(4.6 / (1 + 9 * material.rough))
    strip = _step(0.10, 0.06 + material.rough, np.abs(rx - 0.86)) * _step(0.55, 0.2, np.abs(ry - 0.1)) * np.float32(0.9)
    room = 0.55 + 0.35 * ry
    return (fresnel * (window + strip + room) * np.float32(material.gloss)).astype(np.float32, copy=False)
