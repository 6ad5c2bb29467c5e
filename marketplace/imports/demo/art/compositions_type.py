"""Compositions of art prints: typographic."""

import numpy as np

from marketplace.imports.demo.art.compositions import Draw
from marketplace.imports.demo.art.ink import Sheet
from marketplace.imports.demo.art.spec import ArtSpec

_FACES = ("anton", "archivo-black", "dm-serif-display", "syne-800")


def word(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """One word, set over and over."""
    _ground, first, second, third, fourth = spec.palette
    name = spec.texts[0].upper()
    face = _FACES[int(chance.random() * 2)]
    size = sheet.fit(name, face, 0.84, 0.6)
    rows = max(2, int((sheet.tall - 0.16) / (size * 0.98)))
    top = (sheet.tall - rows * size * 0.98) / 2
    marked = int(chance.random() * rows)
    for row in range(rows):
        ink = fourth if row == marked and rows > 2 else (first, third, second)[row % 3]
        sheet.text(0.5, top + (row + 0.5) * size * 0.98, name, face, size, ink, "mm")


def words(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """The title as large as the sheet lets it be."""
    _ground, first, _second, third, fourth = spec.palette
    face = _FACES[int(chance.random() * 4)]
    rows = spec.texts[0].split()
    if face in {"anton", "archivo-black"}:
        rows = [row.upper() for row in rows]
    room = (sheet.tall - 0.26) / len(rows)
    for place, row in enumerate(rows):
        size = min(sheet.fit(row, face, 0.84, 0.7), room * 1.02)
        sheet.text(0.08, 0.11 + room * (place + 0.5), row, face, size, (first, third, fourth)[place % 3], "lm")
    sheet.rect(0.08, sheet.tall - 0.11, 0.92, sheet.tall - 0.105, third)
    sheet.text(0.92, sheet.tall - 0.085, spec.texts[1], "space-mono", 0.022, third, "ra")


def ampersand(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """A large ampersand in two overprinted inks."""
    _ground, first, second, _third, fourth = spec.palette
    face = ("dm-serif-display-italic", "cormorant-italic", "dm-serif-display", "archivo-black")[
        int(chance.random() * 4)
    ]
    size = 0.92 if face != "cormorant-italic" else 1.05
    shift = 0.018 + 0.022 * chance.random()
    for off, ink in ((-shift, second if chance.random() < 0.6 else fourth), (shift, first)):
        layer = sheet.mask()
        layer.text(0.5 + off, sheet.tall / 2 + off * 0.6, "&", face, size, "mm")
        sheet.print(layer.grainy(0.12, spec.seed), ink)


def alphabet(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """The letters in a grid, a few in another ink."""
    _ground, first, _second, third, fourth = spec.palette
    columns = 4 if sheet.tall > 1.15 else 5
    letters = list("ABCDEFGHIJKLMNOPQRSTUVWXYZ&?")[: columns * (7 if columns == 4 else 5)]
    if "Rearranged" in spec.texts[0]:
        letters = [letters[int(place)] for place in chance.permutation(len(letters))]
    face = _FACES[int(chance.random() * 4)]
    rows = -(-len(letters) // columns)
    wide, high = 0.80 / columns, (sheet.tall - 0.20) / rows
    for place, letter in enumerate(letters):
        x, y = 0.10 + (place % columns + 0.5) * wide, 0.10 + (place // columns + 0.5) * high
        ink = fourth if chance.random() < 0.12 else third if chance.random() < 0.2 else first
        sheet.text(x, y, letter, face, min(wide, high) * 0.92, ink, "mm")


def numeral(sheet: Sheet, spec: ArtSpec, chance: np.random.Generator) -> None:
    """One numeral that nearly leaves the sheet."""
    _ground, first, second, third, fourth = spec.palette
    figure = {"Three": "3", "Five": "5", "Seven": "7", "Nine": "9"}[spec.texts[0].split()[-1]]
    face = ("archivo-black", "dm-serif-display", "anton")[int(chance.random() * 3)]
    if chance.random() < 0.6:
        sheet.disc(0.35 + 0.3 * chance.random(), sheet.tall * (0.35 + 0.3 * chance.random()), 0.25, second)
    size = min(1.25, sheet.tall * 1.05)
    layer = sheet.mask()
    layer.text(0.5, sheet.tall / 2, figure, face, size, "mm")
    sheet.print(layer.grainy(0.08, spec.seed), first)
    sheet.rect(0.08, sheet.tall - 0.085, 0.16, sheet.tall - 0.080, fourth)
    sheet.text(0.92, sheet.tall - 0.095, "No.", "space-mono", 0.028, third, "ra")


TYPOGRAPHIC: dict[str, Draw] = {
    "word": word,
    "words": words,
    "ampersand": ampersand,
    "alphabet": alphabet,
    "numeral": numeral,
}
