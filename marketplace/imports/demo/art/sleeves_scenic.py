"""Record sleeves, second half: suns, hills, planets, fog and leaves."""

import math

import numpy as np

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.colour import blend, lightness
from marketplace.imports.demo.art.ink import Sheet, blob, ridge
from marketplace.imports.demo.art.sleeves import Draw, credit, headline
from marketplace.imports.demo.art.spec import ArtSpec


def _ordered(spec: ArtSpec) -> list[str]:
    """Return ground and inks from light to dark."""
    return sorted(spec.palette[:5], key=lightness, reverse=True)


def sunrise(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a sun with rays or bars over a plain."""
    ground, first, second, third, _dark = spec.palette[:5]
    y = 0.62 + 0.06 * chance.random()
    if chance.random() < 0.5:
        for place in range(18):
            angle = math.pi + place / 18 * math.pi
            after = angle + math.pi / 36
            sheet.polygon(
                [
                    (0.5, y),
                    (0.5 + 1.2 * math.cos(angle), y + 1.2 * math.sin(angle)),
                    (0.5 + 1.2 * math.cos(after), y + 1.2 * math.sin(after)),
                ],
                third,
            )
        sheet.disc(0.5, y, 0.22, first)
        sheet.rect(0, y, 1, 1, second)
    else:
        sheet.disc(0.5, y - 0.1, 0.31, first)
        for place in range(6):
            top = y - 0.12 + place * 0.058
            sheet.rect(0, top, 1, top + 0.008 + place * 0.006, ground)
        sheet.rect(0, y + 0.16, 1, 1, second)
    light = _ordered(spec)[-1] if lightness(second) > 0.42 else _ordered(spec)[0]
    title, artist, _label = spec.texts
    sheet.text(0.5, 0.855, title, "dm-serif-display", sheet.fit(title, "dm-serif-display", 0.86, 0.075), light, "mm")
    sheet.text(
        0.5,
        0.935,
        artist.upper(),
        "space-grotesk-700",
        sheet.fit(artist.upper(), "space-grotesk-700", 0.6, 0.032),
        light,
        "mm",
        0.06,
    )


def ridges(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw hills behind hills, paler with distance."""
    tones = _ordered(spec)
    far, near = tones[0], tones[-1]
    sheet.fade(blend(far, "#ffffff", 0.25), blend(far, tones[1], 0.5), 0.0, 0.75)
    sheet.disc(0.25 + 0.5 * chance.random(), 0.26, 0.085, blend(tones[1], "#ffffff", 0.35))
    count = 6
    for place in range(count):
        line = ridge(0.42 + place * 0.105, 0.075, spec.seed % 9999 + place * 7)
        sheet.polygon(
            [*line, (1.02, 1.02), (-0.02, 1.02)], blend(blend(far, tones[1], 0.6), near, (place + 0.6) / count)
        )
    light = "#f7f1e4"
    title, artist, _label = spec.texts
    sheet.text(0.06, 0.865, title, "cormorant-italic", sheet.fit(title, "cormorant-italic", 0.88, 0.07), light)
    sheet.text(0.06, 0.94, artist, "space-grotesk-500", sheet.fit(artist, "space-grotesk-500", 0.8, 0.027), light)


def planet(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a lit planet with a ring in a sky of stars."""
    tones = _ordered(spec)
    night = blend(tones[-1], "#05060c", 0.45)
    sheet.fade(night, blend(night, spec.palette[1], 0.35))
    for _star in range(170):
        size = 0.0008 + 0.0022 * chance.random() ** 3
        sheet.disc(chance.random(), chance.random(), size, blend("#ffffff", tones[0], chance.random()))
    x, y, radius = 0.5 + 0.12 * (chance.random() - 0.5), 0.47, 0.21 + 0.06 * chance.random()
    count = 360
    axis = (np.arange(count, dtype=np.float32) + 0.5) / count
    u, v = np.meshgrid(axis, axis)
    dx, dy = (u - x) / radius, (v - y) / radius
    inside = 1 - dx * dx - dy * dy
    deep = np.sqrt(np.maximum(inside, 0))
    lit = np.clip(-0.62 * dx - 0.5 * dy + 0.6 * deep, 0.03, 1) * (inside > 0)
    bands = 0.75 + 0.25 * np.sin(dy * 16 + dx * 2 + 1.4 * np.sin(dx * 3 + chance.random() * 6))
    disc = sheet.mask()
    disc.disc(x, y, radius)
    sheet.cover(disc, blend(night, "#000000", 0.4))
    sheet.cover(sheet.mask().field((lit * bands).astype(np.float32)), blend(tones[1], "#ffffff", 0.12))
    for place in range(5):
        wide = radius * (1.45 + place * 0.11)
        line = [
            (x + wide * math.cos(a), y + wide * 0.24 * math.sin(a) - wide * 0.26 * math.cos(a))
            for a in np.linspace(-0.28, math.pi + 0.28, 70)
        ]
        sheet.stroke(line, 0.006, blend(tones[0], night, 0.15 * place))
    credit(sheet, spec, tones[0])


def fog(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw what could be a photograph: trees going back into fog, in two tones."""
    tones = _ordered(spec)
    pale, deep = blend(tones[0], "#e9e7e0", 0.55), blend(tones[-1], "#101214", 0.4)
    sheet.fade(blend(pale, deep, 0.22), pale, 0.0, 0.9)
    layers = 5
    for layer in range(layers):
        near = layer / (layers - 1)
        colour = blend(pale, deep, 0.16 + 0.8 * near**1.4)
        base = 0.60 + 0.40 * near
        mask = sheet.mask()
        count = int(16 - 8 * near)
        for _tree in range(count):
            x, tall, wide = (
                chance.random() * 1.1 - 0.05,
                (0.25 + 0.45 * near) * (0.7 + 0.5 * chance.random()),
                0.035 + 0.06 * near,
            )
            mask.polygon(_spruce(x, base + 0.05 * chance.random(), tall, wide, chance))
        mask.polygon([*ridge(base, 0.025, spec.seed % 999 + layer), (1.02, 1.05), (-0.02, 1.05)])
        sheet.cover(mask.soften(0.004 * (1 - near) + 0.0006), colour)
    credit(sheet, spec, pale)


def _spruce(x: float, base: float, tall: float, wide: float, chance: np.random.Generator) -> list[tuple[float, float]]:
    """Return a ragged conifer."""
    left: list[tuple[float, float]] = []
    right: list[tuple[float, float]] = []
    for step in range(12):
        share = step / 11
        y, reach = base - tall * (1 - share), wide * share * (0.75 + 0.35 * chance.random())
        left += [(x - reach, y + 0.012), (x - reach * 0.55, y)]
        right += [(x + reach * (0.8 + 0.3 * chance.random()), y + 0.012), (x + reach * 0.55, y)]
    return [(x, base - tall - 0.01), *right, *left[::-1]]


def orbs(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw soft lights that run into each other."""
    ground = spec.palette[0]
    sheet.fade(blend(ground, spec.palette[1], 0.3), blend(ground, spec.palette[2], 0.3))
    for place in range(5):
        mask = sheet.mask()
        mask.polygon(
            blob(0.15 + 0.7 * chance.random(), 0.15 + 0.65 * chance.random(), 0.14 + 0.16 * chance.random(), chance)
        )
        sheet.cover(mask.soften(0.035 + 0.05 * chance.random()), spec.palette[1 + place % 3])
    mask = sheet.mask()
    mask.disc(0.5, 0.45, 0.17 + 0.05 * chance.random())
    sheet.cover(mask.soften(0.004), blend(spec.palette[4], spec.palette[1], 0.2))
    sheet.texture(0.10, spec.seed)
    tone = "#fbf6ec" if lightness(ground) < 0.55 else spec.palette[4]
    credit(sheet, spec, tone)


def contours(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw the height lines of a map that does not exist."""
    ground, first, second, third, dark = spec.palette[:5]
    first = max((first, second, third), key=lambda ink: abs(lightness(ink) - lightness(ground)))
    field = np.roll(noise.cloud(4, 3, 40 + spec.seed % 7), (spec.seed % 512, spec.seed % 389), axis=(0, 1))
    fine = np.kron(field, np.ones((2, 2), dtype=np.float32))
    levels = fine * (14 + 8 * chance.random())
    gy, gx = np.gradient(levels)
    steep = np.sqrt(gx * gx + gy * gy) + 1e-4
    line = np.clip(1.5 - np.abs(levels - np.round(levels)) / steep / 0.95, 0, 1)
    high = (fine > np.quantile(fine, 0.72)).astype(np.float32)
    sheet.cover(sheet.mask().field(high), blend(ground, first, 0.22))
    sheet.cover(sheet.mask().field(line.astype(np.float32)), first)
    sheet.rect(0.06, 0.85, 0.94, 0.95, ground)
    title, artist, _label = spec.texts
    sheet.text(0.09, 0.9, title, "space-grotesk-700", sheet.fit(title, "space-grotesk-700", 0.5, 0.036), dark, "lm")
    sheet.text(0.91, 0.9, artist, "space-grotesk-500", sheet.fit(artist, "space-grotesk-500", 0.3, 0.03), dark, "rm")


def waves(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a sea of bands, each a little ahead of the one behind."""
    ground, first, second, third, dark = spec.palette[:5]
    inks = [blend(first, second, 0.0), blend(first, second, 0.5), second, blend(second, third, 0.5), third]
    sheet.disc(0.68, 0.27, 0.12, first if chance.random() < 0.5 else third)
    slope = 3 + 3 * chance.random()
    for place in range(13):
        y = 0.36 + place * 0.052
        shift = place * 0.9 + chance.random()
        line = [
            (float(x), y + 0.026 * math.sin(slope * float(x) * 3.1 + shift) + 0.01 * math.sin(float(x) * 23 + shift))
            for x in np.linspace(-0.02, 1.02, 100)
        ]
        sheet.polygon([*line, (1.02, 1.05), (-0.02, 1.05)], inks[place % 5])
        sheet.stroke(line, 0.004, ground)
    headline(sheet, spec, dark, "cormorant-italic", (0.06, 0.05), 0.56, 0.085)


def halftone(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a head in profile turned to rings of halftone dots, printed in one ink over a flat colour."""
    ground, first, second, _third, dark = spec.palette[:5]
    sheet.rect(0, 0, 1, 0.80, second)
    sheet.disc(0.5, 0.42, 0.33, first)
    count = 64
    for row in range(count):
        for column in range(count):
            x, y = (column + 0.5 * (row % 2)) / count, row / count * 0.80
            away = math.hypot(x - 0.5 - 0.08, y - 0.42 + 0.10)
            tone = (
                0.5 + 0.5 * math.sin(away * 34 - 1.0)
                if math.hypot(x - 0.5, y - 0.42) < 0.33
                else 0.10 + 0.5 * max(0.0, y - 0.42)
            )
            if tone > 0.06:
                sheet.disc(x, y, 0.0098 * tone**0.6, dark)
    sheet.rect(0, 0.80, 1, 1, ground)
    title, artist, _label = spec.texts
    ink = dark if lightness(ground) > 0.4 else "#f6efe0"
    sheet.text(0.05, 0.825, title, "archivo-black", sheet.fit(title, "archivo-black", 0.9, 0.085), ink)
    sheet.text(0.05, 0.935, artist, "space-grotesk-500", sheet.fit(artist, "space-grotesk-500", 0.8, 0.03), ink)


def cutouts(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw shapes cut from coloured paper: patches, and fronds over them."""
    _ground, first, second, third, dark = spec.palette[:5]
    inks = (first, second, third)
    for row in range(2):
        for column in range(3):
            x, y = 0.05 + column * 0.305, 0.05 + row * 0.40
            sheet.rect(x, y, x + 0.29, y + 0.385, inks[(row + column + spec.seed) % 3])
            ink = inks[(row + column + 1 + spec.seed) % 3] if chance.random() < 0.6 else spec.palette[0]
            sheet.polygon(_frond(x + 0.145, y + 0.19, 0.15, chance), ink)
    credit(sheet, spec, dark)


def _frond(x: float, y: float, reach: float, chance: np.random.Generator) -> list[tuple[float, float]]:
    """Return a lobed leaf, as scissors would cut it."""
    turn, lobes = chance.random() * 6.28, 4 + int(chance.random() * 3)
    points: list[tuple[float, float]] = []
    for step in np.linspace(0, 2 * math.pi, 120, endpoint=False):
        away = (
            reach
            * (0.50 + 0.42 * abs(math.cos(lobes * float(step) / 2)) ** 0.7)
            * (0.85 + 0.2 * math.cos(float(step) - turn))
        )
        points.append((x + away * 0.82 * math.cos(float(step) + turn), y + away * 1.15 * math.sin(float(step) + turn)))
    return points


def botanical(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a branch with leaves on a plain ground."""
    ground, first, second, third, dark = spec.palette[:5]
    stem = [(0.5 + 0.10 * math.sin(t * 2.4 + spec.seed % 6), 0.86 - 0.66 * t) for t in np.linspace(0, 1, 40)]
    sheet.stroke(stem, 0.007, dark)
    for place in range(3, 39, 3):
        x, y = stem[place]
        side = 1 if place % 2 else -1
        long = 0.20 - 0.10 * place / 39 + 0.03 * chance.random()
        angle = -math.pi / 2 + side * (0.95 + 0.25 * chance.random())
        ink = (first, second, third)[int(chance.random() * 3)] if chance.random() < 0.35 else first
        sheet.polygon(leaf(x, y, long, long * 0.26, angle), ink)
        sheet.stroke([(x, y), (x + long * 0.9 * math.cos(angle), y + long * 0.9 * math.sin(angle))], 0.002, ground)
    credit(sheet, spec, dark)


def leaf(x: float, y: float, long: float, wide: float, angle: float) -> list[tuple[float, float]]:
    """Return a pointed leaf from its stalk, turned to an angle."""
    points: list[tuple[float, float]] = []
    for side in (1, -1):
        steps = np.linspace(0, 1, 24)
        for t in steps if side == 1 else steps[::-1]:
            away = side * wide * math.sin(math.pi * float(t) ** 0.8)
            points.append(
                (
                    x + long * float(t) * math.cos(angle) - away * math.sin(angle),
                    y + long * float(t) * math.sin(angle) + away * math.cos(angle),
                )
            )
    return points


def window(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a room's window and what stands outside."""
    ground, first, second, third, dark = spec.palette[:5]
    sheet.rect(0, 0, 1, 1, first)
    left, top, right, low = 0.22, 0.12, 0.78, 0.72
    sheet.rect(left, top, right, low, blend(second, "#ffffff", 0.35))
    sheet.disc(left + 0.15 + 0.25 * chance.random(), 0.30, 0.07, third)
    for place in range(3):
        line = [(x * (right - left) + left, y) for x, y in ridge(0.50 + place * 0.08, 0.04, spec.seed % 999 + place)]
        sheet.polygon(
            [(min(max(x, left), right), y) for x, y in line] + [(right, low), (left, low)],
            blend(second, dark, 0.25 + place * 0.28),
        )
    for x in (left, (left + right) / 2, right):
        sheet.rect(x - 0.011, top - 0.011, x + 0.011, low + 0.011, ground)
    for y in (top, (top + low) / 2, low):
        sheet.rect(left - 0.011, y - 0.011, right + 0.011, y + 0.011, ground)
    sheet.rect(left - 0.05, low + 0.011, right + 0.05, low + 0.04, ground)
    x = left + 0.08 + 0.3 * chance.random()
    sheet.polygon([(x, low - 0.07), (x + 0.09, low - 0.07), (x + 0.078, low + 0.011), (x + 0.012, low + 0.011)], dark)
    for place in range(5):
        sheet.polygon(
            leaf(x + 0.045, low - 0.07, 0.15, 0.022, -math.pi / 2 + (place - 2) * 0.38), blend(dark, second, 0.4)
        )
    tone = dark if lightness(first) > 0.45 else "#f8f1e2"
    credit(sheet, spec, tone)


SECOND: dict[str, Draw] = {
    "sunrise": sunrise, "ridges": ridges, "planet": planet, "fog": fog, "orbs": orbs, "contours": contours, "waves": waves,
    "halftone": halftone, "cutouts": cutouts, "botanical": botanical, "window": window,
}  # fmt: skip
