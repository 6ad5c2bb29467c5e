"""Lamps, pendants and candles."""

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, Form, prose
from marketplace.imports.demo.catalogue.shapes import AttributeValue

# name of the colour, the colour it reads as, hex
_ENAMELS = (
    ("signal red", "Red", "#bf3a2b"), ("chalk", "White", "#efece4"), ("bottle green", "Green", "#27513f"),
    ("mustard", "Yellow", "#d7a12f"), ("petrol", "Teal", "#1f5c66"), ("graphite", "Black", "#2c2e31"),
    ("powder blue", "Blue", "#9db9cb"), ("terracotta", "Terracotta", "#bd6848"), ("blush", "Pink", "#dfb0a3"),
    ("sage", "Green", "#9aa98a"), ("ink blue", "Blue", "#25385c"), ("sand", "Natural", "#d6c4a3"),
    ("plum", "Purple", "#5d3a55"), ("tangerine", "Orange", "#de7636"), ("stone grey", "Grey", "#a3a29b"),
)  # fmt: skip

# name, design, base material, height mm, cents, how many
_LAMPS = (
    ("Gourd table lamp", "table.gourd", "Ceramic", 460, 14900, 5),
    ("Column table lamp", "table.column", "Ceramic", 520, 13900, 4),
    ("Turned oak lamp", "table.turned", "Oak", 480, 12900, 4),
    ("Sphere lamp", "table.sphere", "Ceramic", 390, 11900, 4),
    ("Mushroom lamp", "table.mushroom", "Steel", 340, 16900, 5),
)
_PENDANTS = (
    ("Dome pendant", "pendant.dome", 220, 11900, 6),
    ("Cone pendant", "pendant.cone", 240, 9900, 5),
    ("Bell pendant", "pendant.bell", 260, 12900, 5),
    ("Shallow disc pendant", "pendant.disc", 120, 10900, 4),
    ("Globe pendant", "pendant.globe", 300, 13900, 4),
)
# name, design, wax, hours, scented, cents, how many, colour names to choose from
_CANDLES = (
    ("Ribbed pillar candle", "candle.pillar", "Rapeseed", 60, False, 1900, 5),
    ("Dinner candles in a brass holder", "candle.taper", "Stearin", 8, False, 3400, 5),
    ("Scented candle in a ceramic cup", "candle.cup", "Rapeseed", 45, True, 2900, 6),
    ("Sphere candle", "candle.sphere", "Rapeseed", 40, False, 1600, 4),
    ("Stepped candle", "candle.stepped", "Stearin", 36, False, 1700, 4),
)
_BEESWAX = (
    ("Beeswax pillar, wide", "candle.pillar", 90, 3200),
    ("Pair of beeswax dinner candles", "candle.taper", 12, 2600),
    ("Beeswax skep", "candle.stepped", 30, 1900),
)
_SCENTS = ("fig leaf", "black tea", "cedar and salt", "tomato stalk", "rain on slate", "orange peel")

_LAMP_WORDS = (
    "The shade is lined, so the light stays warm and the bulb stays private.",
    "Wired by hand with a cloth-covered flex and a switch you can find in the dark.",
    "It gives a pool of light, not a floodlit room.",
    "Comes with a 470 lumen bulb and felt under the foot.",
    "Looks right switched off, which is how it spends most of the day.",
)
_PENDANT_WORDS = (
    "Spun from one sheet of metal and sprayed inside and out.",
    "White inside, so the table gets the light and the guests get the colour.",
    "Hangs on two metres of textile flex that you can shorten without tools.",
    "One over a small table, two over a long one.",
    "The edge is rolled, so it never cuts a shadow too hard.",
)
_CANDLE_WORDS = (
    "Burns down straight and hardly smokes, if you trim the wick.",
    "Poured slowly on a cold day, which keeps the surface smooth.",
    "Dyed all the way through, not dipped.",
    "Give it two hours the first time and it will keep a flat top.",
)


def _lamps(dice: Dice) -> list[Draft]:
    drafts: list[Draft] = []
    for name, design, material, height, cents, count in _LAMPS:
        for enamel, colour, tint in dice.sample(_ENAMELS, count):
            tall = round(height * dice.between(0.95, 1.06))
            art = ArtSpec("lamp", design, dice.bits() >> 32, (tint,), (("material", material),), views=2)
            attributes: tuple[tuple[str, AttributeValue], ...] = (
                ("material", material), ("socket", dice.pick(("E27", "E14"))), ("height", tall), ("cable", 180),
                ("dimmable", dice.chance(0.5)), ("colour", colour),
            )  # fmt: skip
            shown = f"{enamel} shade" if material == "Oak" else enamel
            details = [("Height", f"{tall} mm"), ("Foot", material.lower()), ("Flex", "180 cm, with switch")]
            words = prose(dice.sample(_LAMP_WORDS, 3), details)
            drafts.append(
                Draft(
                    f"{name}, {shown}",
                    "table-lamps",
                    "lamp",
                    words,
                    attributes,
                    art,
                    cents,
                    popular=dice.skewed(0.9, 0.6),
                )
            )
    return drafts


def _pendants(dice: Dice) -> list[Draft]:
    drafts: list[Draft] = []
    flex = (Form((("Flex", "2 m"),)), Form((("Flex", "4 m"),), 1.12))
    for name, design, height, cents, count in _PENDANTS:
        for enamel, colour, tint in dice.sample(_ENAMELS, count):
            tall = round(height * dice.between(0.95, 1.06))
            art = ArtSpec("lamp", design, dice.bits() >> 32, (tint,), (("material", "Steel"),), views=2)
            attributes: tuple[tuple[str, AttributeValue], ...] = (
                ("material", "Steel"), ("socket", "E27"), ("height", tall), ("cable", 200), ("dimmable", True),
                ("colour", colour),
            )  # fmt: skip
            words = prose(
                dice.sample(_PENDANT_WORDS, 3), [("Height", f"{tall} mm"), ("Socket", "E27"), ("Metal", "steel")]
            )
            drafts.append(
                Draft(
                    f"{name}, {enamel}",
                    "pendants",
                    "lamp",
                    words,
                    attributes,
                    art,
                    cents,
                    flex,
                    popular=dice.skewed(0.9, 0.6),
                )
            )
    return drafts


def _candle(title: str, design: str, tint: str, facts: tuple[str, int, bool, str, int], dice: Dice) -> Draft:
    wax, hours, scented, colour, cents = facts
    art = ArtSpec("candle", design, dice.bits() >> 32, (tint,), (("wax", wax),), views=2)
    attributes: tuple[tuple[str, AttributeValue], ...] = (
        ("wax", wax), ("burning", hours), ("scented", scented), ("colour", colour),
    )  # fmt: skip
    words = prose(dice.sample(_CANDLE_WORDS, 2), [("Wax", wax.lower()), ("Burns", f"about {hours} hours")])
    sets = (Form((("Set", "One"),)), Form((("Set", "Three"),), 2.75)) if dice.chance(0.4) else (Form(),)
    return Draft(title, "candles", "candle", words, attributes, art, cents, sets, popular=dice.skewed(1.1, 0.6))


def lighting(seed: int) -> list[Draft]:
    """Return lamps, pendants and candles."""
    dice = Dice("lighting", seed)
    drafts = [*_lamps(dice), *_pendants(dice)]
    for name, design, wax, hours, scented, cents, count in _CANDLES:
        scents = dice.shuffled(_SCENTS)
        for place, (tint_name, colour, tint) in enumerate(dice.sample(_ENAMELS, count)):
            title = f"{name}, {scents[place]}, {tint_name}" if scented else f"{name}, {tint_name}"
            drafts.append(_candle(title, design, tint, (wax, hours, scented, colour, cents), dice))
    for name, design, hours, cents in _BEESWAX:
        drafts.append(_candle(name, design, "#d8a24a", ("Beeswax", hours, False, "Yellow", cents), dice))
    return drafts
