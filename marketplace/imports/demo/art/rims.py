"""The near edge of an opening, to be drawn over what stands inside."""

import math

import numpy as np

from marketplace.imports.demo.art.colour import Array
from marketplace.imports.demo.art.light import Material, light
from marketplace.imports.demo.art.stage import Box, Stage
from marketplace.imports.demo.art.tube import bar


def opening(stage: Stage, box: Box, radius: float, y: float) -> Array:
    """Return the pixels of a box that look into a round opening at height y."""
    across, up = stage.grid(box)
    away = (across / np.float32(radius)) ** 2 + ((up - np.float32(y * stage.cos)) / np.float32(radius * stage.sin)) ** 2
    result: Array = np.clip((1 - away) * np.float32(radius * stage.sin * stage.unit) * 0.5 + 0.5, 0, 1).astype(
        np.float32
    )
    return result


def near_lip(stage: Stage, rim: float, y: float, tint: Array, material: Material) -> None:
    """Draw the near half of an opening's edge; `rim` is its outer radius, `tint` one colour."""
    angles = np.linspace(math.pi, math.pi * 2, 40)
    reach = rim - 0.007
    path = [(reach * math.cos(angle), y * stage.cos + reach * stage.sin * math.sin(angle)) for angle in angles]
    piece = bar(stage, path, 0.0072)
    stage.lay(piece.box, light(stage, piece.normal, tint, material), piece.mask)
