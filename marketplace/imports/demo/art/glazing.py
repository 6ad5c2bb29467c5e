"""Glazes as they lie on a turned surface: colour from angle and height."""

from dataclasses import replace
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.colour import Array, linear, mix, smooth
from marketplace.imports.demo.art.lathe import Surface
from marketplace.imports.demo.art.light import FINISH, Material
from marketplace.imports.demo.art.spec import ArtSpec

_CLAY = "#b89a7c"


@lru_cache(maxsize=2)
def _specks(dense: int) -> Array:
    """Return a wrapping tile of iron specks, 0 to 1."""
    chance = noise.generator(dense)
    tile = Image.new("L", (1024, 1024), 0)
    pen = ImageDraw.Draw(tile)
    for _speck in range(dense):
        x, y = chance.random() * 1024, chance.random() * 1024
        radius = 0.9 + chance.random() ** 4 * 4.6
        pen.ellipse((x - radius, y - radius * 0.9, x + radius, y + radius * 0.9), fill=int(110 + 145 * chance.random()))
    return np.asarray(tile.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float32) / 255


@lru_cache(maxsize=1)
def _cracks() -> Array:
    """Return a wrapping tile of crackle: 1 on the fine lines between cells."""
    chance = noise.generator(5)
    count, size = 90, 512
    spots = chance.random((count, 2)).astype(np.float32)
    axis = (np.arange(size, dtype=np.float32) + 0.5) / size
    first = np.full((size, size), 9.0, dtype=np.float32)
    second = first.copy()
    for x, y in spots:
        dx, dy = np.abs(axis - x), np.abs(axis - y)
        far = np.sqrt(np.minimum(dx, 1 - dx)[None, :] ** 2 + np.minimum(dy, 1 - dy)[:, None] ** 2)
        second = np.minimum(second, np.maximum(first, far))
        first = np.minimum(first, far)
    return (1 - smooth(0.0, 0.006, second - first)).astype(np.float32)


def _wobble(angle: Array, seed: int, waves: tuple[int, ...] = (2, 3, 5)) -> Array:
    """Return a closed wavy line around the pot, about -1 to 1."""
    chance = noise.generator(seed)
    total = np.zeros_like(angle)
    for wave in waves:
        total += np.sin(angle * wave + np.float32(chance.random() * 6.28)) / np.float32(wave**0.7)
    return total / np.float32(1.6)


def _runs(angle: Array, seed: int, height: float) -> Array:
    """Return how far drips hang below the line, around the pot."""
    chance = noise.generator(seed + 1)
    total = np.zeros_like(angle)
    for _run in range(15):
        middle, wide, long = (
            chance.random() * 6.283 - 3.1416,
            0.09 + 0.12 * chance.random(),
            height * (0.05 + 0.30 * chance.random() ** 1.5),
        )
        away = np.abs(np.mod(angle - middle + np.pi, 2 * np.pi) - np.pi) / np.float32(wide)
        total = np.maximum(
            total, np.float32(long) * np.sqrt(np.maximum(1 - away * away, 0)) + np.float32(0.02) * np.exp(-away * away)
        )
    return total


def _solid(main: Array, second: Array, surface: Surface, height: float, soft: Array) -> Array:
    thin = smooth(height * 0.93, height * 1.0, surface.y) * 0.55
    return mix(main, second, np.clip(thin + (soft - 0.5) * 0.35, 0, 1)[None])


def _reactive(main: Array, second: Array, speck: Array, surface: Surface, height: float, soft: Array) -> Array:
    rings = 0.5 + 0.5 * np.sin(surface.y * np.float32(210) + soft * 5)
    breaks = smooth(0.5, 0.95, soft + 0.16 * rings + 0.42 * smooth(height * 0.72, height, surface.y) - 0.05)
    pool = smooth(0.30, 0.05, surface.y / height + (soft - 0.5) * 0.5)
    return mix(mix(main, second, breaks[None]), speck, (pool * 0.45)[None])


def _brush(main: Array, second: Array, surface: Surface, height: float, seed: int, u: Array) -> Array:
    """Return broad brush strokes round the body, streaked as hairs leave them."""
    chance = noise.generator(seed)
    streak = noise.sample_soft(noise.cloud(128, 2, 21), u * 0.10, surface.y * 5.5)
    total = np.zeros_like(surface.y)
    count = 1 + int(chance.random() * 2.5)
    for stroke in range(count):
        middle = height * (0.40 + 0.24 * stroke - 0.08 * count + 0.16 * chance.random())
        wide = height * (0.07 + 0.06 * chance.random())
        off = (surface.y - middle - height * 0.025 * _wobble(surface.angle, seed + stroke)) / np.float32(wide)
        body = smooth(1.12, 0.9, np.abs(off) + (streak - 0.5) * 0.5)
        total = np.maximum(total, body * (0.62 + 0.55 * streak))
    return mix(main, second, np.clip(total, 0, 1)[None])


def _bands(main: Array, second: Array, speck: Array, surface: Surface, height: float, seed: int) -> Array:
    chance = noise.generator(seed)
    colour = np.broadcast_to(main, (3, *surface.y.shape)).copy()
    at = 0.16 + 0.1 * chance.random()
    while at < 0.97:
        wide = 0.008 + 0.05 * chance.random() ** 2
        edge = np.abs(surface.y / height - np.float32(at) - 0.004 * _wobble(surface.angle, seed + int(at * 100)))
        line = smooth(wide + 0.004, wide - 0.002, edge) * np.float32(0.72 + 0.25 * chance.random())
        colour = mix(colour, second if chance.random() < 0.75 else speck, line[None])
        at += 0.05 + wide + 0.14 * chance.random()
    return colour


def _two(spec: ArtSpec, colours: tuple[Array, Array, Array], surface: Surface, height: float, soft: Array) -> Array:
    """Return dipped or dripping glazes: one colour above a line, another below."""
    main, second, speck = colours
    chance = noise.generator(spec.seed)
    level = height * (0.36 + 0.24 * chance.random())
    line = level + height * 0.018 * _wobble(surface.angle, spec.seed)
    if spec.param("lies") == "drip":
        line = height * np.float32(0.66) - _runs(surface.angle, spec.seed, height)
        over = smooth(-0.0025, 0.0025, surface.y - line)
        thick = np.exp(-(((surface.y - line) / 0.012) ** 2)) * over
        ground = mix(second, second * 0.86, (soft * 0.5)[None])
        return mix(ground, mix(main, speck, (thick * 0.55 + (soft - 0.5) * 0.3).clip(0, 1)[None]), over[None])
    over = smooth(-0.002, 0.002, surface.y - line)
    upper, lower = (main, second) if chance.random() < 0.6 else (second, main)
    seam = np.exp(-(((surface.y - line) / 0.006) ** 2)) * 0.35
    return mix(mix(lower, upper, over[None]), speck, seam[None])


def glaze(
    spec: ArtSpec, surface: Surface, height: float, *, foot: bool = True, flat: bool = False
) -> tuple[Array, Material]:
    """Return colour and material of a surface.

    height: the pot's; foot: leaves the clay bare at the bottom; flat: an inside, whose texture must not run together
    in the middle (its noise lies on the table's plane instead of around the axis).
    """
    main, second, speck = (linear(code) for code in spec.palette[:3])
    lies, seed = spec.param("lies"), spec.seed
    material = FINISH[spec.param("finish", "Satin")]
    u, v = surface.angle * np.maximum(surface.r, 0.02), surface.y
    if flat:
        u, v = surface.r * np.sin(surface.angle), surface.r * np.cos(surface.angle) - surface.y
    u = u + np.float32(seed % 31) * np.float32(0.137)
    soft = noise.sample_soft(noise.cloud(6, 6, 3), u * 1.3, v * 1.3 + np.float32(seed % 17) * np.float32(0.061))
    if lies == "reactive":
        colour = _reactive(main, second, speck, surface, height, soft)
    elif lies in {"dip", "drip"}:
        colour = _two(spec, (main, second, speck), surface, height, soft)
    elif lies == "brush":
        colour = _brush(main, second, surface, height, seed, u)
    elif lies == "bands":
        colour = _bands(main, second, speck, surface, height, seed)
    elif lies == "raw":
        colour = mix(main, second, (soft * 0.8).clip(0, 1)[None])
        material = replace(material, gloss=0.0, wrap=0.4)
    else:
        colour = _solid(main, second, surface, height, soft)
    if lies in {"speckle", "raw", "dip", "bands"}:
        dots = noise.sample_soft(_specks(1500 if lies == "speckle" else 420), u * 2.2, v * 2.2)
        colour = mix(colour, speck, (dots * 0.85)[None])
    if lies == "crackle":
        cracks = noise.sample_soft(_cracks(), u * 2.6, v * 2.6)
        colour = mix(colour, speck, (cracks * 0.55)[None])
    if foot and lies != "raw":
        bare = smooth(height * 0.055 + 0.004, height * 0.055, surface.y - 0.003 * _wobble(surface.angle, seed))
        colour = mix(colour, linear(_CLAY) * (0.75 + 0.4 * soft)[None], bare[None])
    return colour, material
