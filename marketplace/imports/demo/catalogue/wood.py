"""Kitchen wood and toys."""

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, Form, prose
from marketplace.imports.demo.catalogue.shapes import AttributeValue

# light tone, dark grain
TIMBERS = {
    "Oak": ("#c9a06c", "#94693c"), "Walnut": ("#7a523a", "#472c1d"), "Beech": ("#dcb588", "#b98c5e"),
    "Maple": ("#e6cda5", "#c6a675"), "Cherry": ("#b9764c", "#86492c"), "Ash": ("#dfc8a2", "#b5986a"),
    "Olive": ("#c2a063", "#6c4f2b"),
}  # fmt: skip

# shelf: name, design, finish, length mm, cents, timbers
_KITCHEN: dict[str, tuple[tuple[str, str, str, int, int, tuple[str, ...]], ...]] = {
    "boards": (
        ("Paddle board", "board.paddle", "Linseed oil", 420, 4600, ("Oak", "Walnut", "Olive", "Cherry")),
        ("Round serving board", "board.round", "Beeswax", 320, 5200, ("Walnut", "Maple", "Oak", "Ash")),
        ("Bread board", "board.bread", "Linseed oil", 400, 5900, ("Beech", "Oak", "Cherry")),
        ("End-grain chopping block", "board.block", "Linseed oil", 360, 9800, ("Walnut", "Maple", "Oak")),
        ("Breakfast board", "board.small", "Soap", 240, 1900, ("Beech", "Ash", "Maple", "Cherry")),
    ),
    "mills-bowls": (
        ("Pepper mill", "mill.classic", "Linseed oil", 210, 5400, ("Walnut", "Beech", "Olive", "Cherry")),
        ("Tall salt mill", "mill.tall", "Beeswax", 300, 6800, ("Oak", "Maple", "Walnut")),
        ("Pear-shaped mill", "mill.pear", "Linseed oil", 170, 5900, ("Cherry", "Ash", "Walnut")),
        ("Turned bowl", "bowl.turned", "Beeswax", 240, 6400, ("Ash", "Olive", "Walnut", "Cherry", "Maple")),
        ("Shallow fruit bowl", "bowl.shallow", "Linseed oil", 320, 7900, ("Oak", "Walnut", "Beech")),
    ),
}
# name, design, age, cents, how many colour sets
_TOYS = (
    ("Stacking rings", "toy.rings", 1, 2900, 5),
    ("Spinning top", "toy.top", 4, 1400, 5),
    ("Peg people", "toy.pegs", 2, 2600, 4),
    ("Nesting domes", "toy.domes", 2, 3400, 4),
    ("Skittles", "toy.skittles", 3, 3900, 3),
)
_SETS = (
    ("meadow", "Green", ("#6f8f5a", "#e2b548", "#d97a4a", "#e9dcc0", "#3f6253")),
    ("harbour", "Blue", ("#2f5d86", "#e7e0cf", "#c8492f", "#8fb3c9", "#e0b04a")),
    ("orchard", "Red", ("#b63d2c", "#e8a94c", "#7d9656", "#f0dfc2", "#8c4a35")),
    ("candy", "Pink", ("#e0a09a", "#f1dcc6", "#8fb7ac", "#e5bd5b", "#b76476")),
    ("dusk", "Purple", ("#5c4a78", "#d88a6b", "#e9cf9c", "#394b6e", "#b493b6")),
    ("sun", "Yellow", ("#e3ad36", "#d8653a", "#f2e3bf", "#5d8a86", "#8f4a2f")),
)  # fmt: skip
_BOARD_WORDS = (
    "Cut from one plank, with the grain running the long way.",
    "The edges are rounded with a hand plane, eight strokes a side.",
    "Looks after knives and forgives beetroot.",
    "Oil it when it looks thirsty, which is about four times a year.",
    "There is a small hole for a hook and a large tolerance for crumbs.",
)
_TURNED_WORDS = (
    "Turned green, dried for a year and turned again, so it stays round.",
    "The ceramic grinder goes from dust to gravel.",
    "You can feel the growth rings with a thumb.",
    "The shape is the one that fell easiest from the tool.",
    "Left a little thick at the foot, where the weight belongs.",
)
_MILL_ONLY = "The ceramic grinder goes from dust to gravel."
_TOY_WORDS = (
    "Painted with milk paint that survives chewing.",
    "Nothing comes off, nothing beeps.",
    "Sanded until even the maker's mother was satisfied.",
    "Big enough for small hands and small enough for big pockets.",
    "Comes in a cotton bag, which will be lost within a week.",
)


def _kitchen(shelf: str, dice: Dice) -> list[Draft]:
    drafts: list[Draft] = []
    for name, design, finish, length, cents, timbers in _KITCHEN[shelf]:
        for timber in timbers:
            light, dark = TIMBERS[timber]
            size = round(length * dice.between(0.96, 1.05))
            art = ArtSpec(
                "wood",
                design,
                dice.bits() >> 32,
                (light, dark),
                (("timber", timber),),
                views=3 if dice.chance(0.3) else 2,
            )
            attributes: tuple[tuple[str, AttributeValue], ...] = (
                ("timber", timber), ("finish", finish), ("length", size), ("food_safe", True),
            )  # fmt: skip
            words: tuple[str, ...] = _BOARD_WORDS if shelf == "boards" else _TURNED_WORDS
            if design.startswith("bowl"):
                words = tuple(word for word in words if word != _MILL_ONLY)
            details = [("Timber", timber.lower()), ("Finish", finish.lower()), ("Size", f"{size} mm")]
            sizes = (
                (Form((("Size", "Small"),), 0.8), Form((("Size", "Large"),), 1.2)) if dice.chance(0.25) else (Form(),)
            )
            drafts.append(
                Draft(
                    f"{name} in {timber.lower()}",
                    shelf,
                    "wood",
                    prose(dice.sample(words, 3), details),
                    attributes,
                    art,
                    round(cents * dice.between(0.9, 1.1)),
                    sizes,
                    popular=dice.skewed(0.9, 0.5),
                )
            )
    return drafts


def wood(seed: int) -> list[Draft]:
    """Return boards, turned things and toys."""
    dice = Dice("wood", seed)
    drafts = [*_kitchen("boards", dice), *_kitchen("mills-bowls", dice)]
    for name, design, age, cents, count in _TOYS:
        for set_name, colour, tints in dice.sample(_SETS, count):
            timber = dice.pick(("Beech", "Maple", "Ash"))
            art = ArtSpec("wood", design, dice.bits() >> 32, (*TIMBERS[timber], *tints), (("timber", timber),), views=2)
            attributes: tuple[tuple[str, AttributeValue], ...] = (
                ("timber", timber), ("age", age), ("painted", True), ("colour", colour),
            )  # fmt: skip
            details = [("Timber", timber.lower()), ("Paint", f"milk paint, {set_name} colours"), ("Age", f"from {age}")]
            words = prose(dice.sample(_TOY_WORDS, 3), details)
            title = f"{name}, {set_name} colours"
            drafts.append(Draft(title, "toys", "toy", words, attributes, art, cents, popular=dice.skewed(1.0, 0.5)))
    return drafts
