"""The photographer's table: backdrop, shadows, compositing and the finished picture.

World units: the picture is one unit wide and high at zoom 1, x to the right from the middle, y up from the floor,
z towards the camera. The camera looks down by `pitch` without perspective, like a long lens.
"""

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.colour import Array, encode, linear, smooth

_COARSE = 4  # backdrop and shadows are soft: they are drawn at a quarter of the size


@dataclass(frozen=True, slots=True)
class Camera:
    """What part of the world is seen: middle of the picture in screen units, zoom, and pitch in radians."""

    x: float = 0.0
    y: float = 0.0
    zoom: float = 1.0
    pitch: float = 0.24


@dataclass(frozen=True, slots=True)
class Box:
    """A window of pixels, right and bottom excluded."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def empty(self) -> bool:
        """Say whether nothing is inside."""
        return self.right <= self.left or self.bottom <= self.top

    def slices(self) -> tuple[slice, slice, slice]:
        """Return the index of the window in a planar picture."""
        return slice(None), slice(self.top, self.bottom), slice(self.left, self.right)


class Stage:
    """A picture in the making; linear light."""

    def __init__(self, size: int, camera: Camera, *, mirrored: bool = False, seed: int = 0) -> None:
        self.size = size
        self.camera = camera
        self.mirrored = mirrored  # light from the right instead of the left
        self.seed = seed
        self.cos, self.sin = math.cos(camera.pitch), math.sin(camera.pitch)
        coarse = size // _COARSE
        self._coarse = np.zeros((3, coarse, coarse), dtype=np.float32)
        self._full: Array | None = None
        self.floor_tint: Array = linear("#bbbbbb")

    @property
    def side(self) -> float:
        """Return 1 when shadows fall to the right, -1 to the left."""
        return -1.0 if self.mirrored else 1.0

    @property
    def unit(self) -> float:
        """Return the pixels in one world unit."""
        return self.size * self.camera.zoom

    def px(self, x: float) -> float:
        """Return the pixel column of a world x."""
        return self.size * 0.5 + (x - self.camera.x) * self.unit

    def py(self, height: float) -> float:
        """Return the pixel row of a height on the screen (already projected)."""
        return self.size * 0.5 - (height - self.camera.y) * self.unit

    def project(self, y: float, z: float) -> float:
        """Return the height on the screen of a world y and z."""
        return y * self.cos - z * self.sin

    def box(self, left: float, right: float, low: float, high: float, margin: int = 3) -> Box:
        """Return the pixels that a span of x and of screen height covers, clipped to the picture."""
        edges = (
            math.floor(self.px(left)) - margin,
            math.floor(self.py(high)) - margin,
            math.ceil(self.px(right)) + margin,
            math.ceil(self.py(low)) + margin,
        )
        return Box(*(min(self.size, max(0, edge)) for edge in edges))

    def grid(self, box: Box) -> tuple[Array, Array]:
        """Return world x and screen height of the pixels' middles, shaped (1, width) and (height, 1)."""
        columns = (np.arange(box.left, box.right, dtype=np.float32) + 0.5 - self.size * 0.5) / self.unit + self.camera.x
        rows = (self.size * 0.5 - np.arange(box.top, box.bottom, dtype=np.float32) - 0.5) / self.unit + self.camera.y
        return columns[None, :], rows[:, None]

    # -- the backdrop and what falls on it, coarse --

    def _coarse_grid(self) -> tuple[Array, Array]:
        count = self._coarse.shape[1]
        steps = (np.arange(count, dtype=np.float32) + 0.5) / count - 0.5
        x = steps / self.camera.zoom + self.camera.x
        y = -steps / self.camera.zoom + self.camera.y
        return x[None, :], y[:, None]

    def sweep(self, wall: str, floor: str, horizon: float, softness: float = 0.1) -> None:
        """Lay a studio sweep: wall above the horizon (in screen height), floor below, lit from the upper side."""
        x, y = self._coarse_grid()
        x = x * self.side
        below = smooth(horizon + softness, horizon - softness, y)
        base = linear(wall) * (1 - below) + linear(floor) * below
        pool = np.exp(-(((x + 0.22) / 0.75) ** 2 + ((y - horizon - 0.30) / 0.72) ** 2))
        front = np.exp(-(((x + 0.05) / 0.8) ** 2 + ((y - horizon + 0.18) / 0.4) ** 2)) * below
        seam = 1 - 0.10 * np.exp(-(((y - horizon) / (0.05 + softness)) ** 2))
        light = (0.70 + 0.36 * pool + 0.16 * front) * seam
        self._coarse = (base * light).astype(np.float32)
        self.floor_tint = linear(floor)

    def gobo(self, mask: Array, strength: float) -> None:
        """Darken the backdrop where a coarse mask (0 to 1, any size) is low, as window bars or leaves would."""
        count = self._coarse.shape[1]
        fitted = np.asarray(Image.fromarray(mask.astype(np.float32)).resize((count, count), Image.Resampling.BILINEAR))
        self._coarse *= 1 - strength * (1 - fitted)

    def shadow(self, shapes: "list[list[tuple[float, float]]]", blur: float, strength: float) -> None:
        """Darken polygons given in x and screen height; blur in world units, strength 0 to 1."""
        mask = self._mask(shapes)
        radius = blur * self._coarse.shape[1] * self.camera.zoom
        soft = np.asarray(mask.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float32) / 255
        tint = np.array([1.0, 0.985, 0.96], dtype=np.float32).reshape(3, 1, 1)
        self._coarse *= 1 - soft * (strength * tint)

    def _mask(self, shapes: "list[list[tuple[float, float]]]") -> Image.Image:
        count = self._coarse.shape[1]
        mask = Image.new("L", (count, count), 0)
        pen = ImageDraw.Draw(mask)
        for shape in shapes:
            pen.polygon([(self.px(x) / _COARSE, self.py(y) / _COARSE) for x, y in shape], fill=255)
        return mask

    def glow(self, x: float, y: float, reach: tuple[float, float], tint: str, strength: float) -> None:
        """Add an elliptic glow to the backdrop, as a lamp throws on a wall."""
        across, up = self._coarse_grid()
        fall = np.exp(-(((across - x) / reach[0]) ** 2 + ((up - y) / reach[1]) ** 2)).astype(np.float32)
        grey = self._coarse.mean(axis=0, keepdims=True)
        self._coarse += (
            (self._coarse * np.float32(0.35) + grey * np.float32(0.65)) * fall * linear(tint) * np.float32(strength)
        )

    # -- the full picture --

    @property
    def picture(self) -> Array:
        """Return the picture at full size; the backdrop is laid on first use and fixed from then on."""
        if self._full is None:
            planes = [
                np.asarray(
                    Image.fromarray(plane).resize((self.size, self.size), Image.Resampling.BILINEAR), dtype=np.float32
                )
                for plane in self._coarse
            ]
            self._full = np.stack(planes)
        return self._full

    def lay(self, box: Box, colour: Array, mask: Array) -> None:
        """Put colour over the picture where the mask (0 to 1) is high."""
        if box.empty:
            return
        window = self.picture[box.slices()]
        window += (colour - window) * mask

    def shade(self, box: Box, mask: Array, strength: float) -> None:
        """Darken the picture where the mask is high, for shadows that fall on things."""
        if not box.empty:
            window = self.picture[box.slices()]
            window *= 1 - mask * np.float32(strength)

    def finish(self) -> Image.Image:
        """Return the picture as 8-bit sRGB with vignette and a little grain."""
        steps = (np.arange(self.size, dtype=np.float32) + 0.5) / self.size - 0.5
        fall = 1 - 0.22 * (steps * steps)[:, None] - 0.22 * (steps * steps)[None, :]
        picture = self.picture
        picture *= fall
        shift = self.seed % 97
        speck = np.roll(noise.grain(self.size), shift, axis=1) * np.float32(1.15 if self.size > 700 else 0.8)
        out = np.empty((self.size, self.size, 3), dtype=np.uint8)
        for channel in range(3):
            plane = encode(picture[channel])
            plane += speck
            np.clip(plane, 0, 255, out=plane)
            out[:, :, channel] = plane
        return Image.fromarray(out)


def ellipse(x: float, y: float, rx: float, ry: float, count: int = 40) -> list[tuple[float, float]]:
    """Return a polygon of an ellipse in x and screen height."""
    angles = np.linspace(0, 2 * math.pi, count, endpoint=False)
    return [(x + rx * math.cos(angle), y + ry * math.sin(angle)) for angle in angles]
