"""Notebooks, cards and what stands on a desk."""

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, Form, prose
from marketplace.imports.demo.catalogue.shapes import AttributeValue

# name, the colour it reads as, cover, second ink, third ink
_COVERS = (
    ("brick", "Red", "#a8432f", "#e9c9a5", "#f4eadb"), ("forest", "Green", "#2f4f3e", "#b9c6a4", "#e7b45a"),
    ("ultramarine", "Blue", "#2a4b8f", "#e9e2d0", "#e8794a"), ("ochre", "Yellow", "#cf9a34", "#3b3a36", "#f3e7cc"),
    ("blossom", "Pink", "#dda49b", "#7a3547", "#f6e6dc"), ("slate", "Grey", "#6b747a", "#dfe2df", "#d9a35c"),
    ("coal", "Black", "#28292c", "#d8d2c3", "#c9583a"), ("kraft", "Natural", "#c1a176", "#4b3a2a", "#efe3cd"),
    ("petrol", "Teal", "#1f5f66", "#e3d9bf", "#e58e5c"), ("aubergine", "Purple", "#4f3149", "#d3b6c4", "#e3a95a"),
    ("apricot", "Orange", "#e39a63", "#5b3327", "#f8ead7"), ("bone", "Cream", "#ece3d1", "#3d4a57", "#c9573a"),
)  # fmt: skip

# name, design, ruling choices, pages, cents, how many
_NOTEBOOKS = (
    ("Linen-bound notebook", "notebook.plain", 192, 1900, 6),
    ("Terrazzo notebook", "notebook.terrazzo", 160, 1600, 5),
    ("Wave notebook", "notebook.waves", 160, 1600, 4),
    ("Marbled journal", "notebook.marble", 240, 2600, 5),
    ("Pocket notebooks, three colours", "notebook.stack", 64, 1400, 4),
)
_CARDS = (
    ("Folded cards, cut-paper leaf", "card.leaf", 6), ("Folded cards, sun", "card.sun", 5), ("Thank-you cards", "card.thanks", 4),
    ("Folded cards, bird", "card.bird", 3),
)  # fmt: skip
_POTS = (
    ("Pencil pot with six cedar pencils", "pot.pencils", "Cedar", 2800, 6),
    ("Faceted brush pot", "pot.brushes", "Ceramic", 2400, 5),
)
_NOTEBOOK_WORDS = (
    "Sewn in sections, so it opens flat from the first page to the last.",
    "The paper takes fountain pen without fuss.",
    "A ribbon, an elastic and rounded corners: that is all.",
    "Covers are printed on offcuts, so no two batches match exactly.",
    "Fits the inside pocket of a sensible coat.",
)
_CARD_WORDS = (
    "Printed with two inks and left blank inside, because you know better what to say.",
    "Comes with envelopes of recycled paper.",
    "Heavy enough to stand on a mantelpiece for a year.",
    "The fold is scored, so it closes properly.",
)
_POT_WORDS = (
    "Heavy enough not to tip when the last pencil leans.",
    "Glazed inside, so it can hold brushes and the odd tulip.",
    "The pencils are sharpened by hand and smell of school.",
)


def _attributes(*pairs: tuple[str, AttributeValue]) -> tuple[tuple[str, AttributeValue], ...]:
    return pairs


def _notebooks(dice: Dice) -> list[Draft]:
    drafts: list[Draft] = []
    for name, design, pages, cents, count in _NOTEBOOKS:
        for cover, colour, *inks in dice.sample(_COVERS, count):
            ruling, grammage = dice.pick(("Blank", "Dotted", "Lined", "Squared")), dice.pick((90, 100, 120))
            recycled = dice.chance(0.5)
            art = ArtSpec("paper", design, dice.bits() >> 32, tuple(inks), views=3 if dice.chance(0.3) else 2)
            facts = _attributes(
                ("ruling", ruling), ("pages", pages), ("grammage", grammage), ("recycled", recycled), ("colour", colour)
            )
            details = [("Pages", f"{pages}, {ruling.lower()}"), ("Paper", f"{grammage} g/m²"), ("Cover", cover)]
            sizes = (Form((("Size", "A6"),), 0.75), Form((("Size", "A5"),)))
            drafts.append(
                Draft(
                    f"{name}, {cover}",
                    "notebooks",
                    "paper",
                    prose(dice.sample(_NOTEBOOK_WORDS, 3), details),
                    facts,
                    art,
                    cents,
                    sizes if design != "notebook.stack" else (Form(),),
                    popular=dice.skewed(1.1, 0.5),
                )
            )
    return drafts


def _cards(dice: Dice) -> list[Draft]:
    drafts: list[Draft] = []
    for name, design, count in _CARDS:
        for cover, colour, *inks in dice.sample(_COVERS, count):
            art = ArtSpec("paper", design, dice.bits() >> 32, tuple(inks), views=2)
            facts = _attributes(
                ("ruling", "Blank"), ("grammage", 300), ("recycled", dice.chance(0.6)), ("colour", colour)
            )
            words = prose(dice.sample(_CARD_WORDS, 3), [("Format", "A6, folded"), ("Ink", cover)])
            sets = (Form((("Set", "Five cards"),)), Form((("Set", "Ten cards"),), 1.8))
            drafts.append(
                Draft(
                    f"{name}, {cover}", "cards", "paper", words, facts, art, 1200, sets, popular=dice.skewed(1.0, 0.5)
                )
            )
    return drafts


def paper(seed: int) -> list[Draft]:
    """Return notebooks, cards and pencil pots."""
    dice = Dice("paper", seed)
    drafts = [*_notebooks(dice), *_cards(dice)]
    for name, design, material, cents, count in _POTS:
        for cover, colour, *inks in dice.sample(_COVERS, count):
            art = ArtSpec("paper", design, dice.bits() >> 32, tuple(inks), views=2)
            facts = _attributes(("height", dice.whole(95, 118)), ("material", material), ("colour", colour))
            words = prose(dice.sample(_POT_WORDS, 2), [("Pot", "stoneware"), ("Colour", cover)])
            drafts.append(
                Draft(
                    f"{name}, {cover}", "pencil-pots", "desk", words, facts, art, cents, popular=dice.skewed(0.9, 0.5)
                )
            )
    return drafts
