"""Turned wood: grain along the axis, bare or under milk paint."""

import numpy as np

from marketplace.imports.demo.art.colour import Array, linear, mix
from marketplace.imports.demo.art.grain import boards
from marketplace.imports.demo.art.lathe import Profile, turn
from marketplace.imports.demo.art.light import WOOD, Material, light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Stage

_PAINT = Material(gloss=0.16, rough=0.34, wrap=0.3)


def timber(spec: ArtSpec, streak: Array) -> Array:
    """Return wood's colour where the grain is light (0) or dark (1)."""
    return mix(linear(spec.palette[0]), linear(spec.palette[1]), streak[None])


def turned(
    stage: Stage,
    spec: ArtSpec,
    profile: Profile,
    x: float = 0.0,
    z: float = 0.0,
    tint: str | None = None,
    seed: int = 0,
) -> None:
    """Draw a turned piece: grain along the axis, or paint through which a little grain shows."""
    surface = turn(stage, profile, x, z)
    if surface.box.empty:
        return
    across = surface.r * np.sin(surface.angle)
    deep = surface.r * np.cos(surface.angle)
    streak = boards(across * 0.8 + deep * 0.35 + 0.3, surface.y * 1.0, spec.seed + seed)
    colour = timber(spec, streak) if tint is None else linear(tint) * (1.04 - 0.14 * streak)[None]
    floor = np.clip(0.55 + surface.y / np.float32(0.08), 0, 1)
    stage.lay(surface.box, light(stage, surface.normal, colour, WOOD if tint is None else _PAINT, floor), surface.mask)
