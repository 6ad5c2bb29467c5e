"""Wood: the streaks of its years along a board, and rings across an end."""

import numpy as np

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.colour import Array


def boards(across: Array, along: Array, seed: int) -> Array:
    """Return 0 (early wood) to 1 (late wood) for places across and along a board, in world units."""
    shift = np.float32((seed % 61) * 0.173)
    u, v = np.broadcast_arrays(across, along)
    drift = noise.sample_soft(noise.cloud(4, 3, 51), u * 0.9 + shift, v * 0.22 + shift)
    years = np.sin((u * 95 + drift * 26 + shift * 9).astype(np.float32))
    fibre = noise.sample_soft(noise.cloud(128, 2, 52), u * 3.2 + shift, v * 0.10)
    result: Array = np.clip(
        0.32 + 0.24 * years * np.abs(years) + 0.55 * (fibre - 0.45) + 0.4 * (drift - 0.5), 0, 1
    ).astype(np.float32)
    return result


def ends(x: Array, y: Array, seed: int) -> Array:
    """Return 0 to 1 for the rings seen on an end cut, the pith somewhere below."""
    shift = np.float32((seed % 61) * 0.31)
    wobble = noise.sample_soft(noise.cloud(6, 3, 53), x * 1.5 + shift, y * 1.5)
    away = np.sqrt((x - 0.05) ** 2 + (y + 0.16) ** 2) + wobble * 0.05
    result: Array = np.clip(0.5 + 0.42 * np.sin(away * 260 + shift), 0, 1).astype(np.float32)
    return result
