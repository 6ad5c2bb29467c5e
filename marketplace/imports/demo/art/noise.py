"""Repeatable noise: white grain and soft value noise, kept between pictures because they are costly."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from marketplace.imports.demo.art.colour import Array


def generator(seed: int) -> np.random.Generator:
    """Return a generator whose stream is fixed by the seed."""
    return np.random.Generator(np.random.PCG64(seed))


@lru_cache(maxsize=4)
def grain(size: int) -> Array:
    """Return a square of film grain, about zero mean, deviation 1, a little soft."""
    raw = generator(11).normal(0, 1, (size, size)).astype(np.float32)
    soft = raw * 0.6 + 0.4 * np.roll(raw, 1, axis=0) + 0.4 * np.roll(raw, 1, axis=1)
    result: Array = soft.astype(np.float32)
    return result


@lru_cache(maxsize=64)
def _tile(cells: int, seed: int) -> Array:
    """Return a wrapping square of value noise in 0 to 1, 512 pixels wide."""
    lattice = generator(seed).random((cells, cells), dtype=np.float32)
    wrapped = np.pad(lattice, 3, mode="wrap")
    scale = 512 / cells
    large = Image.fromarray(wrapped).resize(
        (round(wrapped.shape[1] * scale), round(wrapped.shape[0] * scale)), Image.Resampling.BICUBIC
    )
    start = round(3 * scale)
    return np.asarray(large, dtype=np.float32)[start : start + 512, start : start + 512]


@lru_cache(maxsize=32)
def cloud(cells: int, octaves: int, seed: int) -> Array:
    """Return a wrapping 512-pixel square of fractal noise in about 0 to 1; `cells` across in the coarsest octave."""
    total = np.zeros((512, 512), dtype=np.float32)
    weight, reach = 1.0, 0.0
    for octave in range(octaves):
        total += weight * _tile(min(256, cells * 2**octave), seed + octave)
        reach += weight
        weight *= 0.5
    return ((total / reach - 0.5) * 1.6 + 0.5).astype(np.float32)


def sample(field: Array, u: Array, v: Array) -> Array:
    """Return the field at coordinates in which 1 is one whole tile; nearest pixel, wrapping."""
    high, wide = field.shape
    across = (u * wide).astype(np.int32) % wide
    down = (v * high).astype(np.int32) % high
    result: Array = field[down, across]
    return result


_FINE_SIZE = 2048
_FINE: dict[int, tuple[Array, NDArray[np.uint8]]] = {}


def _fine(field: Array) -> NDArray[np.uint8]:
    """Return a kept field in 0 to 1 enlarged to 2048 pixels, in bytes: one look-up then costs less than four and a blend."""
    known = _FINE.get(id(field))
    if known is None:
        wrapped = np.pad(field, 4, mode="wrap")
        scale = _FINE_SIZE // field.shape[0]
        large = Image.fromarray(wrapped).resize(
            (wrapped.shape[1] * scale, wrapped.shape[0] * scale), Image.Resampling.BICUBIC
        )
        start = 4 * scale
        inner = np.asarray(large, dtype=np.float32)[start : start + _FINE_SIZE, start : start + _FINE_SIZE]
        known = field, np.clip(inner * 255 + 0.5, 0, 255).astype(np.uint8).ravel()
        _FINE[id(field)] = known
    return known[1]


def sample_soft(field: Array, u: Array, v: Array) -> Array:
    """Return a kept, square field (0 to 1) at coordinates in which 1 is one whole tile; smooth, wrapping."""
    across = (u * np.float32(_FINE_SIZE)).astype(np.int32)
    down = (v * np.float32(_FINE_SIZE)).astype(np.int32)
    across &= _FINE_SIZE - 1
    down &= _FINE_SIZE - 1
    down = down * _FINE_SIZE + across
    return _fine(field).take(down).astype(np.float32) * np.float32(1 / 255)
