"""Record sleeves, first half: blocks, type, arcs and grids."""

import math
from collections.abc import Callable

import numpy as np

from marketplace.imports.demo.art import noise
from marketplace.imports.demo.art.ink import Sheet
from marketplace.imports.demo.art.spec import ArtSpec

Draw = Callable[[Sheet, ArtSpec, np.random.Generator], None]


def credit(sheet: Sheet, spec: ArtSpec, colour: str, *, low: bool = True, face: str = "space-grotesk-700") -> None:
    """Set artist and title small along the top or bottom edge."""
    title, artist, label = spec.texts
    y = 0.925 if low else 0.055
    size = sheet.fit(f"{artist}   {title}", face, 0.72, 0.034)
    sheet.text(0.06, y, artist, face, size, colour)
    sheet.text(0.06 + sheet.width(artist + "   ", face, size), y, title, "space-grotesk-500", size, colour)
    sheet.text(0.94, y, label.upper(), "space-mono", min(size, 0.022), colour, "ra")


def headline(
    sheet: Sheet, spec: ArtSpec, colour: str, face: str, at: tuple[float, float], room: float, most: float
) -> float:
    """Set the title large and the artist under it; return the y below."""
    title, artist, _label = spec.texts
    size = most
    while size > 0.04 and max(sheet.width(row, face, size) for row in sheet.wrap(title, face, size, room)) > room:
        size *= 0.93
    while size > 0.04 and len(sheet.wrap(title, face, size, room)) * size > most * 2.4:
        size *= 0.93
    y = sheet.block(at[0], at[1], title, face, size, colour, room, 1.02)
    small = sheet.fit(artist, "space-grotesk-500", room, 0.042)
    sheet.text(at[0], y + 0.025, artist, "space-grotesk-500", small, colour)
    return y + 0.025 + small


def blocks(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw leaning coloured blocks of different height, as on a mid-century jazz cover."""
    _ground, *inks = spec.palette[:5]
    count = 5 + int(chance.random() * 4)
    left, wide = 0.06, 0.88 / count
    for place in range(count):
        top = 0.46 + 0.28 * chance.random()
        low = top + 0.18 + 0.30 * chance.random()
        lean = 0.05 * (chance.random() - 0.5)
        ink = inks[int(chance.random() * 3) % 3]
        x = left + place * wide
        sheet.polygon(
            [(x + lean, top), (x + wide * 0.86 + lean, top), (x + wide * 0.86, min(low, 0.96)), (x, min(low, 0.96))],
            ink,
        )
        if chance.random() < 0.35:
            sheet.disc(x + wide * 0.43 + lean, top - wide * 0.6, wide * 0.36, inks[(place + 1) % 3])
    headline(sheet, spec, inks[3], "dm-serif-display", (0.06, 0.04), 0.86, 0.115)


def swiss(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw one bold diagonal construction with small grotesque type."""
    _ground, first, second, third, dark = spec.palette[:5]
    kind = int(chance.random() * 3)
    if kind == 0:
        for place in range(7):
            y = 0.20 + place * 0.115
            sheet.polygon(
                [(0, y), (1, y - 0.42), (1, y - 0.42 + 0.015 + place * 0.011), (0, y + 0.015 + place * 0.011)],
                first if place % 3 else second,
            )
    elif kind == 1:
        sheet.pie(0.0, 1.0, 0.92, (270, 360), first)
        sheet.pie(0.0, 1.0, 0.66, (270, 360), second)
        sheet.pie(0.0, 1.0, 0.40, (270, 360), third)
        sheet.disc(0.76, 0.24, 0.12, dark)
    else:
        for row in range(4):
            for column in range(4):
                x, y = 0.06 + column * 0.22, 0.06 + row * 0.205
                turn = int(chance.random() * 4) * 90
                sheet.pie(
                    x + (0.22 if turn in (90, 180) else 0),
                    y + (0.205 if turn in (180, 270) else 0),
                    0.205,
                    (turn, turn + 90),
                    (first, second, dark)[int(chance.random() * 3)],
                )
    credit(sheet, spec, dark)


def big_type(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Fill the sleeve with the title itself."""
    _ground, first, second, third, dark = spec.palette[:5]
    title, artist, label = spec.texts
    face = ("anton", "archivo-black", "syne-800", "dm-serif-display")[int(chance.random() * 4)]
    words = title.upper() if face in {"anton", "archivo-black"} else title
    rows = sheet.wrap(words, face, 0.2, 0.9) if len(words) < 22 else sheet.wrap(words, face, 0.14, 0.9)
    y, inks = 0.05, (first, dark, second if chance.random() < 0.5 else third)
    room = 0.82 / len(rows)
    for place, row in enumerate(rows):
        size = min(sheet.fit(row, face, 0.9, 0.42), room * 1.02)
        sheet.text(0.05, y + room * 0.5, row, face, size, inks[place % 3], "lm")
        y += room
    sheet.rect(0.05, 0.905, 0.95, 0.909, dark)
    size = sheet.fit(artist, "space-grotesk-700", 0.62, 0.036)
    sheet.text(0.05, 0.925, artist, "space-grotesk-700", size, dark)
    sheet.text(0.95, 0.928, label.upper(), "space-mono", 0.022, dark, "ra")


def rings(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw concentric bands that are cut and shifted along a line."""
    _ground, first, second, third, dark = spec.palette[:5]
    x, y = 0.35 + 0.3 * chance.random(), 0.42 + 0.1 * chance.random()
    inks = (first, second, third, dark)
    for place in range(9):
        sheet.disc(x, y, 0.46 - place * 0.05, inks[place % 4] if place % 2 == 0 else spec.palette[0])
    half = sheet.image.crop((0, round(y * sheet.unit), sheet.unit, round(min(y + 0.5, 1) * sheet.unit)))
    shift = (0.1 + 0.16 * chance.random()) * (1 if chance.random() < 0.5 else -1)
    sheet.rect(0, y, 1, min(y + 0.5, 1), spec.palette[0])
    sheet.image.paste(half, (round(shift * sheet.unit), round(y * sheet.unit)))
    credit(sheet, spec, dark)


def seventies(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a bundle of stripes that comes in from a side and turns."""
    ground, first, second, third, dark = spec.palette[:5]
    inks = (first, third, second, dark)
    turn_x, turn_y = 0.34 + 0.16 * chance.random(), 0.52 + 0.12 * chance.random()
    wide, count = 0.052, 5
    for place in range(count):
        ink = inks[place % 4]
        outer = 0.12 + (count - place) * wide
        sheet.rect(0, turn_y + outer - wide, turn_x, turn_y + outer, ink)
        sheet.pie(turn_x, turn_y, outer, (-5, 91), ink)
        sheet.rect(turn_x + outer - wide, 0, turn_x + outer, turn_y, ink)
        sheet.pie(turn_x, turn_y, outer - wide, (-5, 91), ground)
    for place in range(count):
        outer = 0.12 + (count - place) * wide
        sheet.rect(turn_x + outer - wide, 0, turn_x + outer, turn_y, inks[place % 4])
    sheet.rect(0, 0, turn_x + 0.12, turn_y + 0.12, ground)
    sheet.pie(turn_x, turn_y, 0.12 + wide, (0, 90), inks[(count - 1) % 4])
    sheet.pie(turn_x, turn_y, 0.12, (-3, 93), ground)
    headline(sheet, spec, dark, "syne-800", (0.06, 0.06), max(0.36, turn_x + 0.04), 0.085)


def keys(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw piano keys or organ pipes as a rhythm of bars."""
    _ground, first, second, third, dark = spec.palette[:5]
    count = 11 + int(chance.random() * 6)
    wide = 0.88 / count
    rhythm = [
        0.25 + 0.5 * abs(math.sin(place * (0.6 + chance.random() * 0.02) + chance.random())) for place in range(count)
    ]
    for place, tall in enumerate(rhythm):
        x = 0.06 + place * wide
        sheet.rect(x, 0.86 - tall * 0.8, x + wide * 0.72, 0.86, first if place % 4 else second)
        sheet.disc(x + wide * 0.36, 0.86 - tall * 0.8, wide * 0.36, first if place % 4 else second)
        sheet.rect(x, 0.86 - tall * 0.3, x + wide * 0.72, 0.86, dark if place % 3 else third)
    sheet.rect(0.06, 0.865, 0.94, 0.872, dark)
    credit(sheet, spec, dark)


def opart(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a checkerboard that bulges."""
    ground, first, _second, _third, dark = spec.palette[:5]
    count = 480
    axis = (np.arange(count, dtype=np.float32) + 0.5) / count - 0.5
    x, y = np.meshgrid(axis, axis)
    cx, cy = 0.24 * (chance.random() - 0.5), 0.24 * (chance.random() - 0.5)
    away = np.sqrt((x - cx) ** 2 + (y - cy) ** 2) / (0.36 + 0.1 * chance.random())
    pull = np.where(away < 1, (1 - np.cos(np.clip(away, 0, 1) * np.pi / 2)) / np.maximum(away, 1e-4), 1.0)
    u, v = (x - cx) * pull, (y - cy) * pull
    fine = 9 + int(chance.random() * 5)
    field = (
        np.sin(u * fine * math.pi) * np.sin(v * fine * math.pi)
        if chance.random() < 0.6
        else np.sin((u * 0.4 + v) * fine * 2 * math.pi)
    )
    layer = sheet.mask().field(np.clip(field * 14 + 0.5, 0, 1).astype(np.float32))
    sheet.cover(layer, first if chance.random() < 0.5 else dark)
    sheet.rect(0.06, 0.86, 0.94, 0.95, ground)
    title, artist, _label = spec.texts
    size = sheet.fit(f"{artist} / {title}", "space-grotesk-700", 0.82, 0.04)
    sheet.text(
        0.5, 0.905, f"{artist} / {title}", "space-grotesk-700", size, dark if spec.palette[0] != dark else first, "mm"
    )


def dots(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Draw a grid of dots whose size swells along two waves."""
    _ground, first, second, third, dark = spec.palette[:5]
    count = 15 + int(chance.random() * 8)
    step = 0.88 / count
    a, b, phase = 2 + 4 * chance.random(), 2 + 4 * chance.random(), 6 * chance.random()
    rows = int((0.86 - 0.06) / step)
    for row in range(rows):
        for column in range(count):
            x, y = 0.06 + (column + 0.5) * step, 0.06 + (row + 0.5) * step
            swell = 0.5 + 0.5 * math.sin(a * x * 3 + phase) * math.cos(b * y * 3 - phase)
            sheet.disc(x, y, step * (0.08 + 0.42 * swell), first if swell > 0.62 else second if swell > 0.25 else third)
    credit(sheet, spec, dark)


def minimal(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """Leave nearly everything empty: one shape, and small type."""
    _ground, first, second, _third, dark = spec.palette[:5]
    title, artist, label = spec.texts
    x, y = 0.3 + 0.4 * chance.random(), 0.32 + 0.2 * chance.random()
    kind = int(chance.random() * 4)
    if kind == 0:
        sheet.disc(x, y, 0.14 + 0.08 * chance.random(), first)
    elif kind == 1:
        sheet.rect(x - 0.2, y - 0.004, x + 0.3, y + 0.004, dark)
        sheet.pie(x, y, 0.16, (180, 360), first)
    elif kind == 2:
        sheet.rect(0.5 - 0.17, 0.2, 0.5 + 0.17, 0.62, first)
        sheet.rect(0.5 - 0.02, 0.2, 0.5 + 0.17, 0.40, second)
    else:
        sheet.polygon([(x - 0.2, 0.66), (x, 0.24), (x + 0.2, 0.66)], first)
    sheet.text(0.06, 0.06, label.upper(), "space-mono", 0.022, dark, track=0.1)
    sheet.text(0.06, 0.86, title, "cormorant-italic", sheet.fit(title, "cormorant-italic", 0.88, 0.072), dark)
    sheet.text(0.06, 0.935, artist, "space-grotesk-500", sheet.fit(artist, "space-grotesk-500", 0.8, 0.027), dark)


FIRST: dict[str, Draw] = {
    "blocks": blocks, "swiss": swiss, "type": big_type, "rings": rings, "seventies": seventies, "keys": keys, "opart": opart,
    "dots": dots, "minimal": minimal,
}  # fmt: skip

__all__ = ["FIRST", "Draw", "credit", "headline", "noise"]
