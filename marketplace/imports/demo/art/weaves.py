"""Woven cloth: colour and thread relief at places along the weft (u) and the warp (v), in world units."""

import math

import numpy as np

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.colour import Array, linear, mix, smooth
from marketplace.imports.demo.art.spec import ArtSpec


def _square(value: Array, soft: float = 0.08) -> Array:
    """Return a wave of period 1 that is 0 in its first half and 1 in its second, edges softened."""
    return (smooth(0.5 - soft, 0.5 + soft, np.abs(np.mod(value, 1) - 0.5) * 2)).astype(np.float32)


def _stripes(u: Array, seed: int) -> tuple[Array, Array]:
    """Return how much second and third yarn there is across the stripes of one repeat."""
    chance = noise.generator(seed)
    repeat = 0.10 + 0.14 * chance.random()
    at = np.mod(u / np.float32(repeat) + 0.13, 1)
    second, third = np.zeros_like(at), np.zeros_like(at)
    kind = int(chance.random() * 4)
    if kind == 0:
        second = smooth(0.02, -0.02, np.abs(at - 0.5) - 0.22)
        third = smooth(0.008, -0.008, np.abs(at - 0.5) - 0.012)
    elif kind == 1:
        for place in (0.2, 0.32, 0.44):
            second = np.maximum(second, smooth(0.008, -0.008, np.abs(at - place) - 0.028))
        third = smooth(0.01, -0.01, np.abs(at - 0.78) - 0.09)
    elif kind == 2:
        second = smooth(0.008, -0.008, np.abs(at - 0.5) - 0.05)
        third = np.maximum(
            smooth(0.006, -0.006, np.abs(at - 0.36) - 0.012), smooth(0.006, -0.006, np.abs(at - 0.64) - 0.012)
        )
    else:
        second = smooth(0.01, -0.01, np.abs(at - 0.3) - 0.2)
        third = smooth(0.01, -0.01, np.abs(at - 0.72) - 0.06)
    return second, third


def _check(u: Array, v: Array, seed: int, colours: tuple[Array, Array, Array]) -> Array:
    main, second, third = colours
    chance = noise.generator(seed)
    repeat = np.float32(0.085 + 0.07 * chance.random())
    x, y = np.mod(u / repeat, 1), np.mod(v / repeat, 1)
    kind = int(chance.random() * 3)
    if kind == 0:
        across, down = _square(u / repeat), _square(v / repeat)
        return mix(main, second, ((across + down) / 2)[None])
    if kind == 1:
        line = np.maximum(smooth(0.012, -0.012, np.abs(x - 0.5) - 0.03), smooth(0.012, -0.012, np.abs(y - 0.5) - 0.03))
        return mix(main, second, line[None])
    broad = (smooth(0.015, -0.015, np.abs(x - 0.4) - 0.2) + smooth(0.015, -0.015, np.abs(y - 0.4) - 0.2)) / 2
    fine = np.maximum(smooth(0.008, -0.008, np.abs(x - 0.8) - 0.02), smooth(0.008, -0.008, np.abs(y - 0.8) - 0.02))
    return mix(mix(main, third, (broad * 0.9)[None]), second, (fine * 0.8)[None])


def _ikat(u: Array, v: Array, seed: int, colours: tuple[Array, Array, Array]) -> Array:
    """Return lozenges whose edges feather along the warp, as dyed yarn slips."""
    main, second, third = colours
    chance = noise.generator(seed)
    wide, high = np.float32(0.11 + 0.05 * chance.random()), np.float32(0.17 + 0.07 * chance.random())
    slip = noise.sample(noise.cloud(256, 1, 61), u * 0.9, np.zeros_like(u) + np.float32(seed % 13) * 0.07)
    y = v / high + (slip - 0.5) * np.float32(0.22)
    x = u / wide
    half = np.mod(np.floor(y + 0.0), 2) * 0.5
    away = np.abs(np.mod(x + half, 1) - 0.5) * 2 + np.abs(np.mod(y, 1) - 0.5) * 2
    fine = noise.sample(noise.cloud(256, 1, 62), u * 1.7, v * 0.05)
    away = away + (fine - 0.5) * np.float32(0.16)
    colour = mix(second, main, smooth(0.80, 0.74, away)[None])
    colour = mix(colour, third, smooth(0.46, 0.40, away)[None])
    return mix(colour, second, smooth(0.20, 0.15, away)[None])


def _kilim(u: Array, v: Array, seed: int, colours: tuple[Array, Array, Array]) -> Array:
    """Return stepped diamonds between bands of triangles."""
    main, second, third = colours
    chance = noise.generator(seed)
    cell = np.float32(0.0105)
    x, y = np.floor(u / cell), np.floor(v / cell)
    span = 14 + 2 * int(chance.random() * 4)
    row = np.mod(y + span * 40, span * 2)
    diamond = np.abs(np.mod(x + span * 40, span) - span / 2) + np.abs(np.mod(row, span) - span / 2)
    colour = mix(second, main, (diamond < span * 0.46).astype(np.float32)[None])
    colour = mix(colour, third, (diamond < span * 0.26).astype(np.float32)[None])
    colour = mix(colour, second, (diamond < span * 0.12).astype(np.float32)[None])
    band = (row > span * 1.62).astype(np.float32)
    teeth = (np.mod(x, 8) < np.mod(row * 1.0, 8)).astype(np.float32)
    edge = mix(third, main, teeth[None])
    return mix(colour, edge, band[None])


def threads(u: Array, v: Array, weave: str, fine: float) -> Array:
    """Return the threads' relief in 0 to 1; `fine` threads to the world unit."""
    x, y = u * np.float32(fine), v * np.float32(fine)
    if weave == "Waffle":
        cell = np.float32(0.16)
        hollow = np.minimum(np.abs(np.mod(x * cell, 1) - 0.5), np.abs(np.mod(y * cell, 1) - 0.5)) * 2
        wall = np.maximum(np.abs(np.mod(x * cell, 1) - 0.5), np.abs(np.mod(y * cell, 1) - 0.5)) * 2
        slope: Array = np.clip(0.25 + 0.75 * wall**2 + 0.1 * hollow, 0, 1).astype(np.float32)
        return slope
    if weave in {"Twill", "Herringbone"}:
        lean = np.abs(np.mod(x / 14, 2) - 1) * 14 if weave == "Herringbone" else x
        return (0.5 + 0.5 * np.sin((lean + y) * np.float32(2 * math.pi / 3.4))).astype(np.float32)
    result: Array = (
        0.5 + 0.25 * np.sin(x * np.float32(2 * math.pi)) + 0.25 * np.sin(y * np.float32(2 * math.pi))
    ).astype(np.float32)
    return result


def cloth(spec: ArtSpec, u: Array, v: Array, unit: float) -> Array:
    """Return the cloth's colour; `unit` pixels to the world unit keeps threads wide enough to be seen, not to shimmer."""
    colours = main, second, third = tuple(linear(code) for code in spec.palette[:3])
    weave = spec.param("weave")
    seed = spec.seed
    shift = np.float32((seed % 23) * 0.017)
    u, v = u + shift, v + shift
    if weave == "Stripe":
        share, thin = _stripes(u if spec.design.startswith(("towel", "cushion")) else v, seed)
        colour = mix(mix(main, second, share[None]), third, thin[None])
    elif weave == "Check":
        colour = _check(u, v, seed, (main, second, third))
    elif weave == "Ikat":
        colour = _ikat(u, v, seed, (main, second, third))
    elif weave == "Kilim":
        colour = _kilim(u, v, seed, (main, second, third))
    elif weave == "Herringbone":
        lean = np.abs(np.mod(u / 0.042, 2) - 1) * np.float32(0.042)
        colour = mix(main, second, (0.85 * _square((lean + v) / np.float32(0.014), 0.3))[None])
    else:
        band = (
            smooth(0.012, 0.008, np.abs(np.mod(v, 0.31) - 0.05)) if weave == "Waffle" and seed % 2 else np.zeros_like(v)
        )
        colour = mix(np.broadcast_to(main, (3, *np.broadcast_shapes(u.shape, v.shape))), second, (band * 0.8)[None])
    relief = threads(u, v, weave, min(160.0, unit / 4.2))
    slub = noise.sample_soft(noise.cloud(48, 3, 63), u * 1.6, v * 0.5)
    del colours
    return (colour * (0.90 + 0.24 * relief + 0.26 * (slub - 0.5))[None]).astype(np.float32)
