"""Textiles: throws, cushions, scarves and kitchen linen in the weavers' colourways."""

from dataclasses import dataclass

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, Form, prose
from marketplace.imports.demo.catalogue.shapes import AttributeValue


@dataclass(frozen=True, slots=True)
class Way:
    """A colourway: its name, the colour it reads as, and its yarns, the main one first."""

    name: str
    colour: str
    yarns: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Cloth:
    """A kind of textile: name, picture, weave, fibres to choose from, grams, cents, how many colourways."""

    name: str
    design: str
    weave: str
    fibres: tuple[str, ...]
    grams: int
    cents: int
    count: int


WAYS = (
    Way("rust and oat", "Terracotta", ("#b5573a", "#e6d9c3", "#6e3424")),
    Way("peat and cream", "Brown", ("#5a4636", "#ebe1cf", "#8c7359")),
    Way("sea and chalk", "Blue", ("#4d7896", "#eef0ec", "#2b4a61")),
    Way("moss and barley", "Green", ("#66754b", "#e3d7b4", "#3d4a30")),
    Way("mustard and slate", "Yellow", ("#d4a035", "#4d555c", "#efe2bf")),
    Way("heather", "Purple", ("#8b7397", "#d9cfdb", "#5a4666")),
    Way("charcoal and white", "Black", ("#34363a", "#f0eee9", "#7b7d80")),
    Way("undyed", "Natural", ("#e7dcc8", "#d2c3a7", "#b39f80")),
    Way("brick and rose", "Red", ("#a83c32", "#e9bdb0", "#5f211d")),
    Way("pale rose", "Pink", ("#e3b6ae", "#f5e6de", "#b97e78")),
    Way("teal and sand", "Teal", ("#2f7476", "#e5d6b8", "#194a4d")),
    Way("fog", "Grey", ("#a9adac", "#e6e6e2", "#73797a")),
    Way("indigo", "Blue", ("#2c3f6b", "#e9e6dc", "#6e86ad")),
    Way("marmalade", "Orange", ("#d9783a", "#f3ddb8", "#8a4420")),
    Way("spruce", "Green", ("#2f5245", "#d9dfd2", "#7e9a86")),
    Way("oat and ink", "Cream", ("#e9dfca", "#2b3140", "#c3b592")),
    Way("wine", "Red", ("#6f2636", "#e4cfc6", "#a9606a")),
    Way("sky and clay", "Blue", ("#8fb0c6", "#c07a55", "#f0ece2")),
)

_WOOL = ("Lambswool", "Merino", "Wool and linen")
_SHELVES: dict[str, tuple[Cloth, ...]] = {
    "throws": (
        Cloth("Herringbone throw", "throw.folded", "Herringbone", _WOOL, 1100, 11900, 6),
        Cloth("Windowpane throw", "throw.folded", "Check", _WOOL, 1150, 12900, 4),
        Cloth("Striped wool blanket", "throw.rail", "Stripe", _WOOL, 1500, 15900, 5),
        Cloth("Waffle throw", "throw.rail", "Waffle", ("Cotton", "Linen"), 900, 8900, 4),
        Cloth("Tartan rug", "throw.folded", "Check", ("Lambswool",), 1300, 13900, 3),
        Cloth("Alpaca throw", "throw.rail", "Twill", ("Alpaca",), 1000, 17900, 4),
    ),
    "cushions": (
        Cloth("Ikat cushion", "cushion.square", "Ikat", ("Cotton", "Linen"), 620, 4900, 6),
        Cloth("Kilim cushion", "cushion.square", "Kilim", ("Wool and linen",), 780, 6400, 6),
        Cloth("Ticking stripe bolster", "cushion.long", "Stripe", ("Cotton", "Linen"), 540, 4200, 5),
        Cloth("Washed linen cushion", "cushion.square", "Plain", ("Linen",), 560, 3900, 5),
        Cloth("Checked cushion", "cushion.long", "Check", ("Lambswool", "Cotton"), 600, 4600, 4),
    ),
    "scarves": (
        Cloth("Fine merino scarf", "scarf.hung", "Twill", ("Merino",), 180, 7900, 4),
        Cloth("Checked scarf", "scarf.hung", "Check", ("Lambswool", "Merino"), 220, 6900, 5),
        Cloth("Striped scarf", "scarf.hung", "Stripe", ("Merino", "Alpaca"), 210, 7400, 5),
        Cloth("Herringbone muffler", "scarf.folded", "Herringbone", ("Lambswool", "Alpaca"), 240, 6500, 4),
        Cloth("Ikat shawl", "scarf.folded", "Ikat", ("Cotton", "Linen"), 200, 5900, 4),
    ),
    "kitchen-linen": (
        Cloth("Striped tea towel", "towel.hung", "Stripe", ("Linen", "Cotton"), 120, 1800, 6),
        Cloth("Checked tea towel", "towel.hung", "Check", ("Linen", "Cotton"), 120, 1700, 6),
        Cloth("Waffle kitchen cloth", "towel.folded", "Waffle", ("Cotton", "Linen"), 110, 1500, 5),
        Cloth("Heavy linen napkins", "towel.folded", "Plain", ("Linen",), 240, 3200, 4),
    ),
}
_ABOUT: dict[str, tuple[str, ...]] = {
    "throws": (
        "Heavy enough to stay where you put it.",
        "Woven in short runs, washed, and brushed on one side only.",
        "The fringe is twisted by hand, two ends at a time.",
        "Big enough for two people who like each other.",
    ),
    "cushions": (
        "The cover closes with a hidden zip and the filling is feather.",
        "Cut so that the pattern meets at the sides.",
        "Firm when new, agreeable after a week.",
        "The back is plain linen in the same shade.",
    ),
    "scarves": (
        "Light around the neck and warm within a minute.",
        "Woven wide, so it goes round twice.",
        "The ends are fringed and knotted on the loom.",
        "Soft from the first day and softer by spring.",
    ),
    "kitchen-linen": (
        "Dries glasses without leaving half of itself behind.",
        "Washed three times before it comes to you.",
        "With a loop in the corner, where a loop should be.",
        "The hem is mitred, which nobody will notice, but it lies flat.",
    ),
}
_CARE = {
    True: ("Goes in the machine at 40 degrees.", "Wash warm, hang wet, do not iron."),
    False: ("Air it, and wash by hand when you must.", "Hand wash cool and dry flat."),
}
_SIZES: dict[str, tuple[tuple[str, float], ...]] = {
    "throws": (("130 × 180 cm", 1.0), ("150 × 220 cm", 1.35)),
    "cushions": (("45 × 45 cm", 1.0), ("60 × 60 cm", 1.4)),
    "kitchen-linen": (("One", 1.0), ("Set of three", 2.7)),
}


def _spec(cloth: Cloth, way: Way, fibre: str, seed: int, views: int) -> ArtSpec:
    params = (("weave", cloth.weave), ("fibre", fibre))
    return ArtSpec("textile", cloth.design, seed, way.yarns, params, views=views)


def _forms(shelf: str, cloth: Cloth, way: Way, art: ArtSpec, fibre: str, dice: Dice) -> tuple[Form, ...]:
    """Return sizes, or for every fourth scarf and plain cushion two further colours with their own pictures."""
    if shelf == "scarves" or cloth.weave == "Plain":
        if not dice.chance(0.35):
            return (Form(),)
        others = [other for other in dice.sample(WAYS, 3) if other is not way][:2]
        further = tuple(
            Form((("Colour", other.name.capitalize()),), 1.0, _spec(cloth, other, fibre, art.seed + 1 + place, 1))
            for place, other in enumerate(others)
        )
        return Form((("Colour", way.name.capitalize()),)), *further
    if cloth.design == "cushion.long":
        return (Form(),)
    return tuple(Form((("Size", size),), factor) for size, factor in _SIZES[shelf])


def _one(shelf: str, cloth: Cloth, way: Way, dice: Dice) -> Draft:
    fibre = dice.pick(cloth.fibres)
    washable = fibre in {"Linen", "Cotton"}
    art = _spec(cloth, way, fibre, dice.bits() >> 32, 3 if dice.chance(0.4) else 2)
    grams = round(cloth.grams * dice.between(0.92, 1.08) / 10) * 10
    attributes: tuple[tuple[str, AttributeValue], ...] = (
        ("fibre", fibre), ("weave", cloth.weave), ("weight", grams), ("washable", washable), ("colour", way.colour),
    )  # fmt: skip
    details = [("Fibre", fibre.lower()), ("Weave", cloth.weave.lower()), ("Weight", f"{grams} g"), ("Colour", way.name)]
    return Draft(
        title=f"{cloth.name}, {way.name}",
        category=shelf,
        type="textile",
        description_html=prose([*dice.sample(_ABOUT[shelf], 2), dice.pick(_CARE[washable])], details),
        attributes=attributes,
        art=art,
        base_cents=round(cloth.cents * dice.between(0.9, 1.12)),
        forms=_forms(shelf, cloth, way, art, fibre, dice),
        popular=dice.skewed(0.95, 0.6),
    )


def textiles(seed: int) -> list[Draft]:
    """Return the textiles; no cloth comes twice in one colourway."""
    dice = Dice("textiles", seed)
    return [
        _one(shelf, cloth, way, dice)
        for shelf, cloths in _SHELVES.items()
        for cloth in cloths
        for way in dice.sample(WAYS, cloth.count)
    ]
