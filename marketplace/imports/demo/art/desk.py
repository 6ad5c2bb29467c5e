"""Draws pots with pencils or brushes in them."""

import math

import numpy as np
from PIL import Image

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.backdrops import paper
from marketplace.imports.demo.art.colour import linear, mix, smooth
from marketplace.imports.demo.art.lathe import Profile, ground_shadow, join, line, lip, turn
from marketplace.imports.demo.art.light import SATIN, WOOD, light
from marketplace.imports.demo.art.rims import near_lip, opening
from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.art.stage import Camera, Stage
from marketplace.imports.demo.art.tube import bar

Point = tuple[float, float]
_WIDE, _TALL = 0.115, 0.235


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return a picture of the pot: 0 whole, 1 closer and in other light."""
    camera = Camera(0, 0.235, 1.12, 0.26) if view == 0 else Camera(0.0, 0.30, 1.65, 0.26)
    stage = Stage(size, camera, mirrored=view == 1, seed=spec.seed + view)
    wall, floor = paper("paper", spec.palette[0], spec.seed, view)
    stage.sweep(wall, floor, 0.12, 0.08)
    facets = spec.design == "pot.brushes"
    top = _WIDE * (0.96 if facets else 1.0)
    outer = join(line([(_WIDE * 0.95, 0.0), (_WIDE, 0.008)], 4), line([(_WIDE, 0.008), (top, _TALL)], 40))
    ground_shadow(stage, outer, 0, 0, 0.55)
    edge = lip(top, _TALL, 0.014)
    within = line([(top - 0.014, _TALL), (top - 0.02, 0.03), (0.0, 0.03)], 30)
    inside = turn(stage, join(edge, within), cover=edge)
    dark = np.clip(1 - (_TALL - inside.y) / np.float32(0.20), 0.12, 1)
    stage.lay(inside.box, light(stage, inside.normal, linear(spec.palette[0]), SATIN, dark), inside.mask)
    _tools(stage, spec, facets)
    _wall(stage, spec, outer, facets)
    near_lip(stage, top, _TALL, linear(spec.palette[0]), SATIN)
    return stage.finish()


def _tools(stage: Stage, spec: ArtSpec, brushes: bool) -> None:
    """Stand six pencils or brushes in the pot, leaning apart."""
    chance = noise.generator(spec.seed)
    inks = (spec.palette[1], "#c9573a", "#2f5d86", "#d9a53c", "#3f6b4f", spec.palette[2])
    for place, ink in enumerate(inks):
        angle = place / 6 * 6.28 + float(chance.random()) * 0.6
        spread = 0.085 * math.cos(angle) + 0.02 * (float(chance.random()) - 0.5)
        start = (0.05 * math.cos(angle), stage.project(0.05, 0.05 * math.sin(angle)))
        end = (spread * 1.35, stage.project(0.37 + 0.08 * float(chance.random()), 0.06 * math.sin(angle)))
        _tool(stage, start, end, ink, brush=brushes)


def _wall(stage: Stage, spec: ArtSpec, outer: Profile, facets: bool) -> None:
    """Draw the pot's outside over the tools, cut into flat faces when it is a faceted one."""
    body = turn(stage, outer, both_sides=False)
    soft = noise.sample_soft(noise.cloud(6, 5, 3), body.angle * 0.12, body.y * 1.2) - 0.5
    normal = body.normal
    if facets:
        step = np.float32(2 * math.pi / 11)
        flat = (np.floor(body.angle / step) + 0.5) * step
        normal = np.stack([np.sin(flat), body.normal[1], np.cos(flat)])
        normal = normal / np.sqrt((normal * normal).sum(axis=0))
        soft = soft + 0.6 * smooth(0.24, 0.285, np.abs(body.angle - flat))
    bare = smooth(0.022, 0.018, body.y)
    glaze = mix(linear(spec.palette[0]) * (1 + 0.16 * soft)[None], linear("#b99b7d"), bare[None])
    mask = body.mask * (1 - opening(stage, body.box, float(outer.r[-1]) - 0.012, _TALL))
    stage.lay(body.box, light(stage, normal, glaze, SATIN), mask)


def _tool(stage: Stage, start: Point, end: Point, tint: str, *, brush: bool) -> None:
    dx, dy = end[0] - start[0], end[1] - start[1]
    parts: tuple[tuple[float, float, float, float, str], ...] = (
        (0.0, 0.90, 0.0105, 0.0105, tint),
        (0.90, 0.965, 0.0105, 0.0042, "#dcb98c"),
        (0.962, 1.0, 0.0042, 0.0010, tint),
    )
    if brush:
        parts = (
            (0.0, 0.74, 0.006, 0.0095, tint),
            (0.74, 0.84, 0.0095, 0.0105, "#b9b6ad"),
            (0.84, 0.90, 0.0115, 0.0140, "#4a3a2c"),
            (0.90, 1.0, 0.0140, 0.0020, "#5b4632"),
        )
    for first, last, thick, thin, code in parts:
        piece = bar(
            stage,
            [(start[0] + dx * first, start[1] + dy * first), (start[0] + dx * last, start[1] + dy * last)],
            [thick, thin],
        )
        stage.lay(piece.box, light(stage, piece.normal, linear(code), WOOD), piece.mask)
