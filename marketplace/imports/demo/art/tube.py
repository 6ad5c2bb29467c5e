"""Round bars along a bent line: handles, spouts, stems, flex and twisted fringe."""

from dataclasses import dataclass

import numpy as np

from marketplace.imports.demo.art.colour import Array
from marketplace.imports.demo.art.stage import Box, Stage


@dataclass(frozen=True, slots=True)
class Bar:
    """What is seen of a bar: pixels, coverage, normals to the camera, the way along it (0 to 1) and off its line (-1 to 1)."""

    box: Box
    mask: Array
    normal: Array
    along: Array
    off: Array


def bend(points: list[tuple[float, float]], count: int = 40) -> list[tuple[float, float]]:
    """Return a smooth line through points: Catmull-Rom, ends held."""
    raw = np.array([points[0], *points, points[-1]], dtype=np.float64)
    pieces = len(points) - 1
    at = np.linspace(0, pieces, count)
    piece = np.minimum(at.astype(int), pieces - 1)
    t = (at - piece)[:, None]
    a, b, c, d = (raw[piece + shift] for shift in range(4))
    bent = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return [(float(x), float(y)) for x, y in bent]


def bar(stage: Stage, line: list[tuple[float, float]], radius: float | list[float], flat: float = 1.0) -> Bar:
    """Return a bar along a line in x and screen height; `radius` once or for every point; flat < 1 dulls its roundness."""
    path = np.array(line, dtype=np.float32)
    radii = (
        np.full(len(path), radius, dtype=np.float32)
        if isinstance(radius, float)
        else np.array(radius, dtype=np.float32)
    )
    reach = float(radii.max()) + 2 / stage.unit
    (left, low), (right, high) = path.min(axis=0) - reach, path.max(axis=0) + reach
    box = stage.box(float(left), float(right), float(low), float(high))
    x, y = stage.grid(box)
    best = np.full((y.shape[0], x.shape[1]), 1e9, dtype=np.float32)
    off, along = np.zeros_like(best), np.zeros_like(best)
    wide = np.full_like(best, radii[0])
    dirx, diry = np.zeros_like(best), np.ones_like(best)
    for place in range(len(path) - 1):
        ax, ay = path[place]
        ex, ey = path[place + 1] - path[place]
        length2 = max(float(ex * ex + ey * ey), 1e-12)
        share = np.clip(((x - ax) * ex + (y - ay) * ey) / length2, 0, 1)
        px, py = x - ax - share * ex, y - ay - share * ey
        thick = radii[place] + (radii[place + 1] - radii[place]) * share
        far = (px * px + py * py) / (thick * thick)
        closer = far < best
        best = np.where(closer, far, best)
        length = length2**0.5
        off = np.where(closer, (px * ey - py * ex) / (length * thick), off)
        along = np.where(closer, (place + share) / (len(path) - 1), along)
        wide = np.where(closer, thick, wide)
        dirx, diry = np.where(closer, ey / length, dirx), np.where(closer, -ex / length, diry)
    ratio = np.sqrt(best)
    mask = np.clip((1 - ratio) * wide * np.float32(stage.unit) + 0.5, 0, 1)
    aside = np.clip(off, -1, 1)
    off = aside * np.float32(flat)
    normal = np.stack([off * dirx, off * diry, np.sqrt(np.maximum(1 - off * off, 0.0))])
    return Bar(box, mask.astype(np.float32), normal.astype(np.float32), along, aside)
