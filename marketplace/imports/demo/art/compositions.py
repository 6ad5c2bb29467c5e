"""Compositions of art prints: geometric and risograph."""

import itertools
import math
from collections.abc import Callable

import numpy as np

from marketplace.imports.demo.art.colour import blend
from marketplace.imports.demo.art.ink import Sheet, blob
from marketplace.imports.demo.art.sleeves_scenic import leaf
from marketplace.imports.demo.art.spec import ArtSpec

Draw = Callable[[Sheet, ArtSpec, np.random.Generator], None]


def arcs(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Nested arches standing on each other."""
    _ground, *inks = spec.palette
    tall = sheet.tall
    rows = 2 if tall < 1.2 else 3
    for row in range(rows):
        base = tall - 0.12 - row * (tall - 0.24) / rows
        x = 0.5 + (chance.random() - 0.5) * 0.28
        bands = 3 + int(chance.random() * 3)
        outer = min(0.36, (tall - 0.26) / rows * 0.92)
        for band in range(bands):
            radius = outer * (1 - band / (bands + 0.6))
            sheet.pie(x, base, radius, (180, 360), inks[(band + row) % 4] if band % 2 == 0 else spec.palette[0])
    sheet.disc(0.18 + 0.64 * chance.random(), 0.16, 0.055, inks[0])


def stack(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Stones balanced on one another."""
    _ground, *inks = spec.palette
    y, x = sheet.tall - 0.14, 0.5
    place = 0
    while y > 0.24:
        rx, ry = 0.14 + 0.18 * chance.random() * (1 - 0.07 * place), 0.05 + 0.055 * chance.random()
        y -= ry
        points = [
            (
                x + rx * math.copysign(abs(math.cos(a)) ** 0.8, math.cos(a)),
                y + ry * math.copysign(abs(math.sin(a)) ** 0.8, math.sin(a)),
            )
            for a in np.linspace(0, 6.283, 90)
        ]
        lean = 0.05 * (chance.random() - 0.5)
        sheet.polygon([(px + (py - y) * lean * 4, py) for px, py in points], inks[place % 4])
        y -= ry * 0.97
        x += 0.05 * (chance.random() - 0.5)
        place += 1
    sheet.rect(0.2, sheet.tall - 0.141, 0.8, sheet.tall - 0.136, inks[2])


def bauhaus(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A plan of quarter circles, bars and a disc."""
    _ground, *inks = spec.palette
    rows = max(3, round(3 * sheet.tall))
    cell = min(0.76 / 3, (sheet.tall - 0.24) / rows)
    left, top = 0.5 - 1.5 * cell, (sheet.tall - rows * cell) / 2
    for row in range(rows):
        for column in range(3):
            x, y = left + column * cell, top + row * cell
            ink, second = inks[int(chance.random() * 4)], inks[int(chance.random() * 4)]
            kind = int(chance.random() * 6)
            if kind == 0:
                sheet.rect(x, y, x + cell, y + cell, ink)
                sheet.disc(x + cell / 2, y + cell / 2, cell * 0.32, second if second != ink else spec.palette[0])
            elif kind in (1, 2):
                corner = int(chance.random() * 4)
                sheet.pie(
                    x + (cell if corner in (1, 2) else 0),
                    y + (cell if corner in (2, 3) else 0),
                    cell,
                    (corner * 90, corner * 90 + 90),
                    ink,
                )
            elif kind == 3:
                for stripe in range(4):
                    sheet.rect(x, y + stripe * cell / 4, x + cell, y + stripe * cell / 4 + cell / 8, ink)
            elif kind == 4:
                sheet.polygon([(x, y + cell), (x + cell, y + cell), (x + cell, y)], ink)
                sheet.disc(x + cell * 0.3, y + cell * 0.3, cell * 0.16, second)
            else:
                sheet.pie(x + cell / 2, y + cell, cell / 2, (180, 360), ink)
                sheet.pie(x + cell / 2, y + cell / 2, cell / 2, (180, 360), second)


def grid(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A field of tiles in which a few are different."""
    _ground, *inks = spec.palette
    columns = 4 + int(chance.random() * 3)
    cell = 0.76 / columns
    rows = int((sheet.tall - 0.22) / cell)
    top = (sheet.tall - rows * cell) / 2
    odd = int(chance.random() * columns * rows)
    for row in range(rows):
        for column in range(columns):
            x, y = 0.12 + column * cell, top + row * cell
            ink = inks[0] if (row + column) % 2 else inks[1]
            if row * columns + column == odd:
                ink = inks[3]
            gap = cell * 0.06
            sheet.rect(x + gap, y + gap, x + cell - gap, y + cell - gap, ink)
            if chance.random() < 0.3:
                sheet.pie(x + cell - gap, y + cell - gap, cell - 2 * gap, (180, 270), inks[2])


def stairs(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Stairs in axonometry, lit from one side."""
    _ground, *inks = spec.palette
    count = 6 + int(chance.random() * 3)
    step = 0.52 / count
    x, y = 0.16, sheet.tall * 0.5 + count * step * 0.5
    deep = 0.14
    flip = chance.random() < 0.5

    def put(points: list[tuple[float, float]], ink: str) -> None:
        sheet.polygon([(1 - px if flip else px, py) for px, py in points], ink)

    for place in range(count):
        left, low = x + place * step, y - place * step
        put(
            [(left, low), (left, low - step), (left + deep, low - step - deep * 0.5), (left + deep, low - deep * 0.5)],
            inks[0],
        )
        put(
            [
                (left, low - step),
                (left + step, low - step),
                (left + step + deep, low - step - deep * 0.5),
                (left + deep, low - step - deep * 0.5),
            ],
            inks[1],
        )
        put(
            [(left, low), (left, low - step), (left + step, low - step), (left + step, y + 0.06), (left, y + 0.06)],
            inks[2],
        )
    sheet.disc(0.25 if not flip else 0.75, y - count * step * 0.92, 0.085, inks[3])


def mobile(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A hanging mobile: wires, and flat shapes that hold each other up."""
    _ground, *inks = spec.palette
    x, y = 0.5, 0.10
    reach = 0.30
    sheet.stroke([(x, 0.0), (x, y)], 0.003, inks[2])
    levels = 4 if sheet.tall > 1.1 else 3
    for level in range(levels):
        side = 1 if level % 2 else -1
        short, long = reach * (0.45 + 0.2 * chance.random()), reach
        bow = [
            (x + side * (-short + (short + long) * t), y + 0.05 * math.sin(math.pi * t) * -1 + 0.02 * t)
            for t in np.linspace(0, 1, 30)
        ]
        sheet.stroke(bow, 0.0035, inks[2])
        wx, wy = bow[0]
        drop = 0.04 + 0.05 * chance.random()
        sheet.stroke([(wx, wy), (wx, wy + drop)], 0.0025, inks[2])
        size = 0.055 + 0.05 * chance.random()
        sheet.polygon(blob(wx, wy + drop + size, size, chance, 0.35), inks[level % 2])
        x, y = bow[-1]
        nxt = y + (sheet.tall - 0.34) / levels
        sheet.stroke([(x, y), (x, nxt)], 0.0025, inks[2])
        y, reach = nxt, reach * 0.86
        x = min(0.78, max(0.22, x))
    sheet.polygon(blob(x, y + 0.06, 0.085, chance, 0.3), inks[3])


def weave(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Bands that go over and under each other."""
    _ground, *inks = spec.palette
    count = 5 + int(chance.random() * 3)
    pitch = 0.76 / count
    rows = int((sheet.tall - 0.24) / pitch)
    top = (sheet.tall - rows * pitch) / 2
    wide = pitch * 0.74
    for column in range(count):
        x = 0.12 + column * pitch
        sheet.rect(x, top, x + wide, top + rows * pitch - (pitch - wide), inks[column % 3])
    for row in range(rows):
        y, ink = top + row * pitch, inks[3] if row % 3 == 1 else inks[(row + 1) % 3]
        for column in range(count):
            if (row + column) % 2:
                x = 0.12 + column * pitch
                sheet.rect(
                    x - (pitch - wide) * (column > 0),
                    y,
                    x + wide + (pitch - wide) * (column < count - 1),
                    y + wide,
                    ink,
                )


def circles(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Halved and whole discs in a column, some turned."""
    _ground, *inks = spec.palette
    rows = max(3, round(sheet.tall * 3.2))
    cell = (sheet.tall - 0.22) / rows
    for row in range(rows):
        y = 0.11 + (row + 0.5) * cell
        wide = int(1 + chance.random() * 2.4)
        for place in range(wide):
            x = 0.5 + (place - (wide - 1) / 2) * cell * 1.04
            ink, second = inks[int(chance.random() * 4)], inks[int(chance.random() * 4)]
            turn = int(chance.random() * 4) * 90
            sheet.pie(x, y, cell * 0.48, (turn, turn + 180), ink)
            sheet.pie(x, y, cell * 0.48, (turn + 180, turn + 360), second)
            if chance.random() < 0.3:
                sheet.disc(x, y, cell * 0.18, spec.palette[0])


def overlap(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Three soft shapes in three inks, meeting."""
    _ground, first, second, _third, fourth = spec.palette
    middle = sheet.tall / 2
    for place, ink in enumerate((second, fourth, first)):
        layer = sheet.mask()
        angle = place * 2.09 + chance.random()
        layer.polygon(
            blob(
                0.5 + 0.13 * math.cos(angle),
                middle + 0.16 * math.sin(angle),
                0.24 + 0.06 * chance.random(),
                chance,
                0.4,
            )
        )
        if chance.random() < 0.6:
            layer.disc(0.5 - 0.2 * math.cos(angle), middle - 0.27 * math.sin(angle), 0.06 + 0.05 * chance.random())
        sheet.print(layer.grainy(0.30, spec.seed + place), ink)


def lemons(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Halved and whole citrus, overprinted with leaves."""
    _ground, first, second, third, fourth = spec.palette
    flesh, rind, leaves = sheet.mask(), sheet.mask(), sheet.mask()
    rows = 2 if sheet.tall < 1.15 else 3
    for row in range(rows):
        for column in range(2):
            x = 0.30 + 0.40 * column + 0.05 * (chance.random() - 0.5)
            y = (row + 0.5) * sheet.tall / rows * 0.88 + sheet.tall * 0.06
            radius = 0.135 + 0.02 * chance.random()
            if (row + column) % 2:
                rind.disc(x, y, radius)
                rind.disc(x, y, radius * 0.9, 0)
                turn = chance.random() * 45
                for part in range(8):
                    flesh.pie(x, y, radius * 0.82, turn + part * 45 + 4, turn + part * 45 + 41)
            else:
                tilt = chance.random() * 6.28
                shape = [
                    (
                        x + radius * (1 + 0.16 * math.cos(2 * a) + 0.06 * math.cos(6 * a)) * math.cos(a + tilt) * 0.95,
                        y + radius * (1 + 0.16 * math.cos(2 * a)) * math.sin(a + tilt) * 0.95,
                    )
                    for a in np.linspace(0, 6.283, 80)
                ]
                flesh.polygon(shape)
                for side in (-0.5, 0.35):
                    leaves.polygon(
                        leaf(
                            x + radius * 0.8 * math.cos(tilt),
                            y + radius * 0.8 * math.sin(tilt),
                            0.13,
                            0.035,
                            tilt + side,
                        )
                    )
    sheet.print(flesh.grainy(0.25, spec.seed), first)
    sheet.print(rind.grainy(0.25, spec.seed + 1), blend(first, third, 0.35))
    sheet.print(leaves.grainy(0.28, spec.seed + 2), fourth if fourth != first else second)


def bottles(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Bottles and jugs on a shelf, seen through each other."""
    _ground, *inks = spec.palette
    base = sheet.tall * 0.80
    for place in range(5):
        layer = sheet.mask()
        x = 0.20 + place * 0.15 + 0.03 * (chance.random() - 0.5)
        high, wide = sheet.tall * (0.30 + 0.30 * chance.random()), 0.075 + 0.05 * chance.random()
        neck = wide * (0.25 + 0.2 * chance.random())
        shoulder = base - high * (0.50 + 0.2 * chance.random())
        layer.polygon(
            [
                (x - wide, base),
                (x - wide, shoulder),
                (x - neck, shoulder - 0.07),
                (x - neck, base - high),
                (x + neck, base - high),
                (x + neck, shoulder - 0.07),
                (x + wide, shoulder),
                (x + wide, base),
            ]
        )
        layer.disc(x - wide + 0.03, shoulder + 0.012, 0.03)
        layer.disc(x + wide - 0.03, shoulder + 0.012, 0.03)
        layer.rect(x - neck * 1.3, base - high - 0.012, x + neck * 1.3, base - high + 0.012)
        sheet.print(layer.grainy(0.28, spec.seed + place), inks[(0, 1, 3, 0, 1)[place]])
    shelf = sheet.mask()
    shelf.rect(0.08, base, 0.92, base + 0.022)
    sheet.print(shelf.grainy(0.2, spec.seed), inks[2])


def checksun(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A sun over a checked field that runs to the horizon."""
    _ground, first, second, third, fourth = spec.palette
    horizon = sheet.tall * (0.50 + 0.08 * chance.random())
    sky, field, sun = sheet.mask(), sheet.mask(), sheet.mask()
    sky.rect(0.08, 0.08, 0.92, horizon)
    sun.disc(0.36 + 0.28 * chance.random(), horizon - 0.13 * (0.4 + chance.random()), 0.17)
    edges = [horizon + (sheet.tall - 0.08 - horizon) * (k / 7) ** 1.7 for k in range(8)]
    for row, (top, low) in enumerate(itertools.pairwise(edges)):
        for column in range(-12, 13):
            if (row + column) % 2:
                spread = [
                    0.5 + (column + side) * 0.055 * (0.6 + 2.0 * (y - horizon) / (sheet.tall - horizon))
                    for y, side in ((top, 0), (top, 1), (low, 1), (low, 0))
                ]
                clipped = [min(0.92, max(0.08, x)) for x in spread]
                field.polygon(list(zip(clipped, (top, top, low, low), strict=True)))
    sheet.print(sky.grainy(0.4, spec.seed), second)
    sheet.print(field.grainy(0.25, spec.seed + 1), third if chance.random() < 0.5 else fourth)
    sheet.print(sun.grainy(0.2, spec.seed + 2), first)


def pears(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Pears leaning together on a cloth."""
    _ground, first, second, third, fourth = spec.palette
    base = sheet.tall * 0.76
    cloth = sheet.mask()
    cloth.polygon([(0.08, base - 0.10), (0.92, base - 0.10), (0.92, sheet.tall - 0.1), (0.08, sheet.tall - 0.1)])
    sheet.print(cloth.grainy(0.35, spec.seed), second)
    for place in range(3):
        body, shade, stalk = sheet.mask(), sheet.mask(), sheet.mask()
        x, size, lean = 0.27 + place * 0.23, 0.13 + 0.035 * chance.random(), 0.5 * (chance.random() - 0.5)
        outline = []
        for a in np.linspace(0, 2 * math.pi, 90):
            r = size * (1.0 + 0.30 * math.sin(a) ** 3 * -1 * (1 if math.sin(a) < 0 else 0.2))
            px, py = r * math.cos(a) * (1 - 0.34 * max(0.0, -math.sin(a))), r * math.sin(a) * 1.18
            outline.append((x + px - py * lean * 0.4, base - size + py))
        body.polygon(outline)
        shade.polygon(outline)
        shade.disc(x - size * 0.32, base - size * 1.25, size * 1.05, 0)
        top = min(outline, key=lambda point: point[1])
        stalk.stroke([top, (top[0] + 0.02, top[1] - 0.06)], 0.011)
        sheet.print(body.grainy(0.25, spec.seed + place), (first, fourth, first)[place])
        sheet.print(shade.grainy(0.55, spec.seed + 7 + place), third, 0.8)
        sheet.print(stalk, third)


def swim(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A pool from above: lanes, light on water, one swimmer."""
    _ground, first, second, third, fourth = spec.palette
    water, light, lane = sheet.mask(), sheet.mask(), sheet.mask()
    water.rect(0.10, 0.10, 0.90, sheet.tall - 0.10)
    for line in range(int(sheet.tall * 13)):
        y = 0.14 + line * 0.075
        phase, reach = chance.random() * 6, 0.016 + 0.012 * chance.random()
        path = [
            (float(x), y + reach * math.sin(float(x) * 22 + phase) + 0.01 * math.sin(float(x) * 47))
            for x in np.linspace(0.10, 0.90, 60)
            if y < sheet.tall - 0.12
        ]
        if path:
            light.stroke(path, 0.012)
    for place in range(1, 4):
        x = 0.10 + place * 0.2
        for knot in range(int((sheet.tall - 0.2) / 0.034)):
            lane.disc(x, 0.12 + knot * 0.034, 0.010)
    sheet.print(water.grainy(0.25, spec.seed), first)
    sheet.print(light.grainy(0.35, spec.seed + 1), second, 0.75)
    sheet.cover(lane, spec.palette[0])
    x, y = 0.2 + 0.2 * int(chance.random() * 4), sheet.tall * (0.35 + 0.3 * chance.random())
    body = sheet.mask()
    body.polygon([(x - 0.028, y), (x + 0.028, y), (x + 0.018, y + 0.17), (x - 0.018, y + 0.17)])
    body.stroke([(x - 0.02, y + 0.02), (x - 0.065, y - 0.055)], 0.018)
    body.stroke([(x + 0.02, y + 0.02), (x + 0.06, y + 0.075)], 0.018)
    body.disc(x, y - 0.03, 0.026)
    sheet.cover(body, blend(fourth, "#f3c9a5", 0.35))
    cap = sheet.mask()
    cap.disc(x, y - 0.036, 0.026)
    sheet.cover(cap, third)


GEOMETRIC: dict[str, Draw] = {
    "arcs": arcs, "stack": stack, "bauhaus": bauhaus, "grid": grid, "stairs": stairs, "mobile": mobile,
        "weave": weave, "circles": circles,
    "overlap": overlap, "lemons": lemons, "bottles": bottles, "checksun": checksun, "pears": pears, "swim": swim,
}  # fmt: skip
