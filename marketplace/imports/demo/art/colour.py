"""Colour in linear light: planar float32 arrays (3, height, width), or (3, 1, 1) for one colour."""

import numpy as np
from numpy.typing import NDArray

# float32 at run time; NumPy types mixed arithmetic as its wider class.
Array = NDArray[np.floating]

_GAMMA = 2.2
_DECODE = (np.arange(256, dtype=np.float32) / 255.0) ** np.float32(_GAMMA)


def rgb(code: str) -> tuple[int, int, int]:
    """Return the 0 to 255 parts of an sRGB colour written as "#rrggbb"."""
    return int(code[1:3], 16), int(code[3:5], 16), int(code[5:7], 16)


def linear(code: str) -> Array:
    """Return a colour in linear light, shaped (3, 1, 1)."""
    return np.array([_DECODE[part] for part in rgb(code)], dtype=np.float32).reshape(3, 1, 1)


def decode(pixels: NDArray[np.uint8]) -> Array:
    """Return (height, width, 3) sRGB bytes as planar linear light."""
    return np.stack([_DECODE[pixels[:, :, channel]] for channel in range(3)])


def _encoding() -> Array:
    """Return sRGB in 0 to 255 for the square roots of linear light, with a soft shoulder above 0.75."""
    light = (np.arange(_STEPS, dtype=np.float64) / (_STEPS - 1) * _REACH) ** 2
    high = light > 0.75
    light[high] = 0.75 + 0.25 * (1 - np.exp((0.75 - light[high]) * 4))
    return (light ** (1 / _GAMMA) * 255).astype(np.float32)


_STEPS = 4096
_REACH = 1.6  # the square root of the brightest light that is told apart
_ENCODE = _encoding()


def encode(plane: Array) -> Array:
    """Return linear light as sRGB in 0 to 255; writes into its argument."""
    np.maximum(plane, 0, out=plane)
    np.sqrt(plane, out=plane)
    plane *= np.float32((_STEPS - 1) / _REACH)
    np.minimum(plane, _STEPS - 1, out=plane)
    return _ENCODE.take(plane.astype(np.uint16))


def mix(first: Array, second: Array, share: Array | float) -> Array:
    """Return first where share is 0 and second where it is 1."""
    return (first + (second - first) * share).astype(np.float32, copy=False)


def blend(first: str, second: str, share: float) -> str:
    """Return a hex colour between two, mixed as they are written."""
    parts = (round(a + (b - a) * share) for a, b in zip(rgb(first), rgb(second), strict=True))
    return "#" + "".join(f"{min(255, max(0, part)):02x}" for part in parts)


def lightness(code: str) -> float:
    """Return about how light a colour looks, 0 to 1."""
    red, green, blue = rgb(code)
    return (0.3 * red + 0.59 * green + 0.11 * blue) / 255


def smooth(edge0: float, edge1: float, value: Array) -> Array:
    """Return the Hermite step from 0 at edge0 to 1 at edge1."""
    share = np.clip((value - edge0) / (edge1 - edge0), 0, 1).astype(np.float32, copy=False)
    step: Array = share * share * (3 - 2 * share)
    return step
