"""Draws ceramics: a glazed pot under soft light; then with company; then close to its rim."""

from dataclasses import replace

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import Array, smooth
from marketplace.imports.demo.art.glazing import glaze
from marketplace.imports.demo.art.lathe import Profile, Surface, ground_shadow, turn
from marketplace.imports.demo.art.light import light
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage
from marketplace.imports.demo.art.tube import bar, bend
from marketplace.imports.demo.art.vessels import Strap, Vessel, vessel


def _strap(stage: Stage, spec: ArtSpec, pot: Vessel, strap: Strap, x: float, z: float) -> None:
    path = bend([(px + x, stage.project(py, z)) for px, py in strap.points], 30)
    widths = [float(width) for width in np.linspace(strap.thick, strap.thin, len(path))]
    piece = bar(stage, path, widths, 0.92)
    if piece.box.empty:
        return
    _x, up = stage.grid(piece.box)
    high = np.broadcast_to((up + np.float32(z * stage.sin)) / np.float32(stage.cos), piece.mask.shape)
    plain = Surface(
        piece.box, piece.mask, piece.normal, piece.along * 2, high, np.full_like(piece.mask, 0.2), piece.mask
    )
    colour, material = glaze(spec, plain, pot.height, foot=False)
    stage.lay(piece.box, light(stage, piece.normal, colour, material), piece.mask)


def _rings(surface: Surface, seed: int, amount: float) -> Array:
    """Return the normals with the faint rings a thrower's fingers leave."""
    wave = np.sin(surface.y * np.float32(150 + seed % 60) + np.sin(surface.y * 37) * 2) * np.float32(amount)
    normal = surface.normal.copy()
    normal[1] += wave
    return normal


def _inside(stage: Stage, spec: ArtSpec, pot: Vessel, inside: Profile, edge: Profile, x: float, z: float) -> None:
    surface = turn(stage, inside, x, z, cover=edge)
    if surface.box.empty:
        return
    inner, reading = replace_lies(spec), surface
    if spec.design.startswith(("plate", "bowl")):
        reading = replace(surface, y=surface.r * np.float32(pot.height / pot.outside.widest))
    colour, material = glaze(inner, reading, pot.height, foot=False, flat=True)
    mouth = float(edge.r.max())
    depth = np.maximum(pot.height - surface.y, 0) / np.float32(mouth)
    narrow = np.clip(1.15 - 0.62 * depth, 0.10, 1)
    toward = surface.r * np.sin(surface.angle) / np.float32(mouth) * np.float32(stage.side)
    fallen = smooth(0.25, -0.75, toward + 0.15) * smooth(0.04, 0.5, depth) * 0.42
    stage.lay(surface.box, light(stage, surface.normal, colour, material, narrow * (1 - fallen)), surface.mask)


def replace_lies(spec: ArtSpec) -> ArtSpec:
    """Return the spec of the inside: brushed, banded and dripping pots are plain within."""
    lies = spec.param("lies")
    if lies in {"bands", "brush"} and not spec.design.startswith("plate"):
        return replace(spec, params=(("lies", "solid"), ("finish", spec.param("finish"))))
    if lies == "raw":
        second = spec.palette[1]
        return replace(spec, palette=(second, second, spec.palette[2]), params=(("lies", "solid"), ("finish", "Satin")))
    return spec


def place(stage: Stage, spec: ArtSpec, pot: Vessel, x: float = 0.0, z: float = 0.0) -> None:
    """Draw a pot standing at x, z; its shadow must have been cast before."""
    for strap in pot.straps:
        if not strap.front:
            _strap(stage, spec, pot, strap, x, z)
    body = turn(stage, pot.outside, x, z, both_sides=pot.edge is None)
    if not body.box.empty:
        colour, material = glaze(spec, body, pot.height)
        floor = np.clip(0.45 + body.y / np.float32(0.10), 0, 1)
        normal = _rings(body, spec.seed, 0.035 if material.gloss < 0.9 else 0.012)
        stage.lay(body.box, light(stage, normal, colour, material, 0.55 + 0.45 * floor), body.mask)
    if pot.inside is not None and pot.edge is not None:
        _inside(stage, spec, pot, pot.inside, pot.edge, x, z)
    if pot.lid is not None:
        lid = turn(stage, pot.lid, x, z)
        colour, material = glaze(spec, lid, pot.height, foot=False)
        rim = float(pot.lid.y[0])
        seat = np.clip(0.5 + (lid.y - rim) / np.float32(0.02), 0.5, 1)
        stage.lay(lid.box, light(stage, lid.normal, colour, material, seat), lid.mask)


def _middle(pot: Vessel) -> tuple[float, float]:
    """Return the middle of a pot on the picture, straps included."""
    xs = [pot.outside.widest, -pot.outside.widest]
    for strap in pot.straps:
        xs += [point[0] for point in strap.points]
    sin, cos = float(np.sin(pot.pitch)), float(np.cos(pot.pitch))
    top = pot.height * cos + (float(pot.edge.r.max()) * sin if pot.edge is not None else 0)
    low = -float(pot.outside.r[0]) * sin
    return (max(xs) + min(xs)) / 2, (top + low) / 2


def _camera(pot: Vessel, view: int) -> Camera:
    x, y = _middle(pot)
    if view == 2:
        return Camera(x - pot.outside.widest * 0.15, pot.height * 0.78, 2.15, pot.pitch + 0.10)
    return Camera(x, y - 0.005, 1.22, pot.pitch)


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the pot: 0 alone, 1 from the other side with a second one, 2 close."""
    chance = noise.generator(spec.seed)
    pot = vessel(spec.design, chance)
    camera = _camera(pot, view)
    kind = spec.design.split(".")[0]
    stage = Stage(size, camera, mirrored=view == 1 or (view == 0 and spec.seed % 5 == 0), seed=spec.seed + view)
    wall, floor = paper("ceramic", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, 0.16 + 0.10 * (spec.seed % 3), 0.16 if kind != "plate" else 0.5)
    fellow = None
    if view == 1 and kind in {"mug", "cup", "bowl", "vase"}:
        fellow = vessel(spec.design, noise.generator(spec.seed + 1))
        aside = pot.outside.widest * 1.55 * (1 if spec.seed % 2 else -1)
        stage.camera = replace(camera, x=camera.x + aside * 0.45, y=camera.y + 0.04, zoom=camera.zoom * 0.82)
        ground_shadow(stage, fellow.outside, aside, -0.26, 0.5)
    ground_shadow(stage, pot.outside, 0, 0, 0.55)
    if fellow is not None:
        place(stage, replace(spec, seed=spec.seed + 1), fellow, aside, -0.26)
    place(stage, spec, pot)
    return stage.finish()
