"""Compositions of art prints: botanical and landscape."""

import math

import numpy as np

from marketplace.imports.demo.art.colour import blend
from marketplace.imports.demo.art.compositions import Draw
from marketplace.imports.demo.art.ink import Sheet, ridge
from marketplace.imports.demo.art.sleeves_scenic import leaf
from marketplace.imports.demo.art.spec import ArtSpec


def fern(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """One fern frond, leaflet by leaflet."""
    _ground, first, second, third, _fourth = spec.palette
    tall, sway = sheet.tall, 0.10 * (chance.random() - 0.5)
    stem = [(0.5 + sway * math.sin(t * 3), tall - 0.10 - (tall - 0.22) * t) for t in np.linspace(0, 1, 60)]
    sheet.stroke(stem, 0.006, third)
    for place in range(5, 59, 2):
        t = place / 59
        x, y = stem[place]
        long = 0.31 * math.sin(math.pi * min(1.0, 0.14 + 0.86 * t)) ** 0.8 * (1.08 - 0.2 * t)
        for side in (-1, 1):
            angle = -math.pi / 2 + side * (1.28 - 0.45 * t)
            ink = first if side > 0 else blend(first, second, 0.35)
            for lobe in range(7):
                share = lobe / 7
                sheet.polygon(
                    leaf(
                        x + long * share * math.cos(angle),
                        y + long * share * math.sin(angle),
                        0.040 * (1 - 0.6 * share),
                        0.011,
                        angle + side * -0.5,
                    ),
                    ink,
                )
            sheet.polygon(leaf(x, y, long, 0.012, angle), ink)


def leafpair(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Two large leaves, one light and one dark, veins left white."""
    ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    sheet.disc(0.5 + 0.2 * (chance.random() - 0.5), tall * 0.36, 0.22, blend(ground, fourth, 0.55))
    for x, angle, ink in ((0.56, -1.18 - 0.3 * chance.random(), first), (0.44, -1.86 - 0.25 * chance.random(), third)):
        long = tall * (0.66 + 0.08 * chance.random())
        base = (x, tall - 0.13)
        sheet.polygon(leaf(*base, long, 0.135 + 0.035 * chance.random(), angle), ink)
        dx, dy = math.cos(angle), math.sin(angle)
        sheet.stroke([base, (base[0] + long * 0.97 * dx, base[1] + long * 0.97 * dy)], 0.005, ground)
        for vein in range(3, 17):
            t = vein / 18
            px, py = base[0] + long * t * dx, base[1] + long * t * dy
            reach = 0.14 * math.sin(math.pi * t**0.8) * 0.95
            for side in (-1, 1):
                out = angle + side * 0.85
                sheet.stroke(
                    [(px, py), (px + reach * math.cos(out), py + reach * math.sin(out))],
                    0.0028,
                    ground if ink != second else third,
                )


def _burr(sheet: Sheet, spec: ArtSpec, spot: tuple[float, float], radius: float, chance: np.random.Generator) -> None:
    """A sphere of spokes, a seed at the end of each."""
    _ground, first, _second, third, fourth = spec.palette
    x, y = spot
    for spoke in range(34):
        angle, away = spoke / 34 * 2 * math.pi, radius * (0.85 + 0.25 * chance.random())
        tip = (x + away * math.cos(angle), y + away * math.sin(angle))
        sheet.stroke([spot, tip], 0.0022, first)
        sheet.disc(*tip, 0.0075, fourth if spoke % 3 == 0 else first)
    sheet.disc(x, y, radius * 0.2, third)


def _capsule(sheet: Sheet, spec: ArtSpec, spot: tuple[float, float], radius: float) -> None:
    """A ribbed capsule under its lid."""
    _ground, _first, second, third, _fourth = spec.palette
    x, y = spot
    turns = np.linspace(0, 6.283, 60)
    heights = [radius * (1.0 if math.sin(a) > 0 else 0.8) * math.sin(a) for a in turns]
    sheet.polygon([(x + radius * 0.75 * math.cos(a), y + high) for a, high in zip(turns, heights, strict=True)], second)
    for rib in (-0.4, 0.0, 0.4):
        half = np.linspace(-1.4, 1.4, 20)
        line = [(x + radius * rib * 1.2 * math.cos(a), y + radius * 0.9 * math.sin(a)) for a in half]
        sheet.stroke(line, 0.003, third)
    sheet.rect(x - radius * 0.62, y - radius * 0.98, x + radius * 0.62, y - radius * 0.74, third)


def seedheads(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Seed heads on thin stems: spheres of spokes, and capsules."""
    tall = sheet.tall
    for place in range(4):
        x, top = 0.24 + place * 0.175, tall * (0.20 + 0.30 * chance.random())
        foot, rise = 0.5 + (x - 0.5) * 0.45, tall - 0.10 - top
        stem = [(foot + (x - foot) * t**1.6, tall - 0.10 - rise * t) for t in np.linspace(0, 1, 30)]
        sheet.stroke(stem, 0.005, spec.palette[3])
        radius = 0.065 + 0.05 * chance.random()
        if (place + spec.seed) % 2:
            _burr(sheet, spec, (x, top), radius, chance)
        else:
            _capsule(sheet, spec, (x, top), radius)


def branch(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A branch across the sheet, leaves in pairs, a few fruits."""
    _ground, first, second, third, fourth = spec.palette
    tall, flip = sheet.tall, chance.random() < 0.5

    def at(x: float, y: float) -> tuple[float, float]:
        return (1 - x if flip else x), y

    line = [
        at(0.14 + 0.68 * t + 0.05 * math.sin(5 * t), tall - 0.14 - (tall - 0.30) * t**0.85)
        for t in np.linspace(0, 1, 60)
    ]
    sheet.stroke(line, 0.009, third)
    for place in range(6, 60, 4):
        x, y = line[place]
        bx, by = line[place - 4]
        heading = math.atan2(y - by, x - bx)
        for side in (-1, 1):
            long = 0.19 - 0.08 * place / 60 + 0.03 * chance.random()
            ink = first if chance.random() < 0.6 else second
            sheet.polygon(
                leaf(
                    x, y, long, long * (0.15 + 0.04 * chance.random()), heading + side * (0.75 + 0.3 * chance.random())
                ),
                ink,
            )
        if chance.random() < 0.3:
            angle = heading + 1.9
            sheet.stroke([(x, y), (x + 0.05 * math.cos(angle), y + 0.05 * math.sin(angle))], 0.003, third)
            sheet.disc(x + 0.068 * math.cos(angle), y + 0.068 * math.sin(angle), 0.021, fourth)


def tulips(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Tulips in a row, each at its own hour."""
    _ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    green = blend(third, "#4f7a52", 0.6)
    for place in range(5):
        x = 0.20 + place * 0.15
        top = tall * (0.26 + 0.22 * chance.random())
        lean = 0.06 * (chance.random() - 0.5)
        sheet.stroke(
            [(x + lean * t * t, tall - 0.12 - (tall - 0.12 - top) * t) for t in np.linspace(0, 1, 24)], 0.009, green
        )
        for side in (-1, 1):
            sheet.polygon(
                leaf(
                    x,
                    tall - 0.12,
                    tall * (0.26 + 0.16 * chance.random()),
                    0.026,
                    -math.pi / 2 + side * (0.16 + 0.2 * chance.random()),
                ),
                blend(green, second, 0.25 if side > 0 else 0.0),
            )
        tip, size = (x + lean, top), 0.062 + 0.014 * chance.random()
        ink = (first, first, second, fourth)[int(chance.random() * 4)]
        opened = 0.25 + 0.5 * chance.random()
        for turn, tone in ((-opened, blend(ink, third, 0.22)), (opened, blend(ink, third, 0.10)), (0.0, ink)):
            sheet.polygon(leaf(tip[0], tip[1] + size * 0.9, size * 2.3, size * 0.62, -math.pi / 2 + turn), tone)


def grass(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Grasses bent by one wind."""
    _ground, first, second, third, fourth = spec.palette
    tall, wind = sheet.tall, 0.22 * (1 if chance.random() < 0.5 else -1)
    sheet.disc(0.5 - wind, tall * 0.30, 0.13, blend(spec.palette[0], fourth, 0.7))
    for blade in range(34):
        foot, high = 0.12 + 0.76 * chance.random(), tall * (0.35 + 0.42 * chance.random())
        ink = (first, second, third)[int(chance.random() * 3)]
        bend = wind * (0.5 + chance.random())
        left = [(foot + bend * t**2.2 - 0.006 * (1 - t), tall - 0.10 - high * t) for t in np.linspace(0, 1, 20)]
        right = [(foot + bend * t**2.2 + 0.006 * (1 - t), tall - 0.10 - high * t) for t in np.linspace(0, 1, 20)]
        sheet.polygon(left + right[::-1], ink)
        if blade % 3 == 0:
            tip = left[-1]
            for seed in range(9):
                sheet.polygon(
                    leaf(
                        tip[0] - bend * 0.03 * seed,
                        tip[1] + 0.013 * seed,
                        0.030,
                        0.006,
                        -math.pi / 2 + (0.5 if seed % 2 else -0.5) + wind,
                    ),
                    fourth if blade % 2 else ink,
                )


def ridges(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Hill behind hill."""
    ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    sheet.fade(blend(ground, second, 0.30), blend(ground, fourth, 0.16), 0, tall * 0.6)
    sheet.disc(0.25 + 0.5 * chance.random(), tall * 0.24, 0.075, blend(fourth, ground, 0.2))
    count = 7
    for place in range(count):
        share = (place + 0.7) / count
        tone = (
            blend(blend(second, ground, 0.55), first, min(1.0, share * 1.5))
            if share < 0.66
            else blend(first, third, (share - 0.66) * 3)
        )
        line = ridge(tall * (0.40 + 0.085 * place), 0.075 - 0.003 * place, spec.seed % 9999 + place * 13)
        sheet.polygon([*line, (1.02, tall + 0.02), (-0.02, tall + 0.02)], tone)


def coast(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A shore from above: sand, foam, shallow and deep water."""
    ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    sheet.rect(0, 0, 1, tall, blend(ground, fourth, 0.28))
    slope = 0.35 * (chance.random() - 0.5)
    for place in range(7):
        y = tall * (0.34 + 0.095 * place)
        line = [
            (x, py + slope * (x - 0.5) + 0.02 * math.sin(x * 9 + place))
            for x, py in ridge(y, 0.05, spec.seed % 999 + place // 2)
        ]
        tone = (
            ground,
            blend(second, ground, 0.55),
            blend(second, ground, 0.25),
            second,
            blend(second, first, 0.5),
            first,
            blend(first, third, 0.4),
        )[place]
        sheet.polygon([*line, (1.02, tall + 0.4), (-0.02, tall + 0.4)], tone)
        if place in (1, 3):
            sheet.stroke(line, 0.005, blend(ground, "#ffffff", 0.6))
    for _umbrella in range(5):
        x, y, turn = 0.12 + 0.76 * chance.random(), tall * (0.06 + 0.20 * chance.random()), chance.random() * 90
        for wedge in range(8):
            sheet.pie(
                x,
                y,
                0.030,
                (turn + wedge * 45, turn + wedge * 45 + 45),
                fourth if wedge % 2 else blend(ground, "#ffffff", 0.7),
            )


def lake(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A low sun and its path on still water."""
    ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    shore = tall * (0.48 + 0.06 * chance.random())
    sheet.fade(blend(ground, second, 0.7), blend(ground, fourth, 0.5), 0, shore)
    x = 0.34 + 0.32 * chance.random()
    sheet.disc(x, shore - 0.13, 0.095, blend(fourth, "#ffffff", 0.15))
    for place in range(3):
        line = [(px, min(py, shore)) for px, py in ridge(shore - 0.085 + place * 0.034, 0.05, spec.seed % 999 + place)]
        sheet.polygon([*line, (1.02, shore), (-0.02, shore)], blend(second, third, 0.3 + 0.3 * place))
    sheet.rect(0, shore, 1, tall, blend(first, second, 0.35))
    for band in range(26):
        y = shore + (tall - shore) * (band / 26) ** 1.35
        wide = 0.05 + 0.15 * chance.random() + 0.002 * band
        drift = 0.05 * (chance.random() - 0.5)
        sheet.rect(x - wide + drift, y, x + wide + drift, y + 0.006 + 0.0003 * band, blend(fourth, ground, 0.35))
        left = chance.random()
        sheet.rect(left, y + 0.008, left + 0.2 * chance.random(), y + 0.012, blend(first, third, 0.5))


def dunes(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Dunes: one lit and one shaded side to each crest."""
    ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    sheet.fade(blend(ground, second, 0.45), ground, 0, tall * 0.5)
    sheet.disc(0.7 - 0.4 * chance.random(), tall * 0.2, 0.06, fourth)
    for place in range(5):
        y, phase = tall * (0.36 + 0.135 * place), chance.random() * 6
        crest = [
            (float(x), y + 0.07 * math.sin(float(x) * 4 + phase) + 0.03 * math.sin(float(x) * 9 - phase))
            for x in np.linspace(-0.02, 1.02, 80)
        ]
        lit, dark = blend(second, ground, 0.45 - 0.09 * place), blend(first, third, 0.10 * place)
        sheet.polygon([*crest, (1.02, tall + 0.1), (-0.02, tall + 0.1)], lit)
        fold = [
            (x + 0.10 + 0.05 * math.sin(x * 7 + phase), yy + 0.16 + 0.05 * math.sin(x * 5)) for x, yy in crest[8:58]
        ]
        sheet.polygon([*crest[8:58], *fold[::-1]], dark)


def forest(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Trunks in a wood, near ones dark and far ones pale."""
    ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    sheet.fade(blend(second, ground, 0.65), blend(second, ground, 0.2), 0, tall)
    sheet.disc(0.3 + 0.4 * chance.random(), tall * 0.3, 0.10, blend(fourth, ground, 0.35))
    for layer in range(4):
        tone = (blend(second, ground, 0.35), second, first, third)[layer]
        base = tall * (0.62 + 0.09 * layer)
        for _trunk in range(15 - 3 * layer):
            x, wide = chance.random(), 0.007 + 0.0085 * layer * (0.6 + 0.8 * chance.random())
            sheet.polygon(
                [(x - wide, base + 0.05), (x - wide * 0.7, -0.02), (x + wide * 0.7, -0.02), (x + wide, base + 0.05)],
                tone,
            )
            for _twig in range(3):
                y, side = base * chance.random() * 0.8, 1 if chance.random() < 0.5 else -1
                sheet.stroke([(x, y + 0.06), (x + side * 0.06, y)], 0.003 + 0.001 * layer, tone)
        line = ridge(base, 0.02, spec.seed % 999 + layer)
        sheet.polygon([*line, (1.02, tall + 0.02), (-0.02, tall + 0.02)], blend(tone, fourth, 0.12))


def islands(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Skerries in a banded sea."""
    ground, first, second, third, fourth = spec.palette
    tall = sheet.tall
    sky = tall * 0.34
    sheet.fade(blend(ground, fourth, 0.35), ground, 0, sky)
    for band in range(16):
        y = sky + (tall - sky) * band / 16
        sheet.rect(0, y, 1, tall, blend(blend(second, ground, 0.5), first, band / 16))
    for place in range(9):
        share = place / 8
        y, wide = sky + (tall - sky) * (0.02 + 0.86 * share), 0.05 + 0.16 * share * (0.5 + chance.random())
        x, high = 0.06 + 0.88 * chance.random(), 0.022 + 0.05 * share
        hump = [
            (x + wide * math.cos(a), y - high * (math.sin(a) ** 0.8) * (1 + 0.25 * math.sin(5 * a + place)))
            for a in np.linspace(0, math.pi, 40)
        ]
        sheet.polygon(hump, blend(first, third, 0.35 + 0.65 * share))
        sheet.polygon([(px, 2 * y - py) for px, py in hump], blend(first, third, 0.18 + 0.2 * share))
        sheet.rect(x - wide * 1.15, y, x + wide * 1.1, y + 0.003, blend(ground, "#ffffff", 0.4))
        if place % 4 == 1:
            sheet.rect(x - 0.006, y - high - 0.035, x + 0.006, y - high + 0.01, fourth)
            sheet.polygon([(x - 0.011, y - high - 0.034), (x, y - high - 0.05), (x + 0.011, y - high - 0.034)], third)


NATURAL: dict[str, Draw] = {
    "fern": fern, "leafpair": leafpair, "seedheads": seedheads, "branch": branch, "tulips": tulips, "grass": grass,
        "ridges": ridges,
    "coast": coast, "lake": lake, "dunes": dunes, "forest": forest, "islands": islands,

}  # fmt: skip
