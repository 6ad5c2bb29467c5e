"""Ceramics: forms from the wheel, each in a few of the potters' glazes."""

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, Form, prose
from marketplace.imports.demo.catalogue.glazes import GLAZES, Glaze
from marketplace.imports.demo.catalogue.shapes import AttributeValue

# shelf: (name, design, height mm, diameter mm, capacity ml, price cents, glazes it is made in)
_FORMS: dict[str, tuple[tuple[str, str, int, int, int, int, int], ...]] = {
    "vases": (
        ("Bottle vase", "vase.bottle", 240, 120, 1100, 5800, 4),
        ("Moon jar", "vase.moon", 210, 220, 3200, 9600, 4),
        ("Cylinder vase", "vase.cylinder", 220, 110, 1600, 4900, 4),
        ("Shouldered vase", "vase.shoulder", 260, 150, 1900, 7400, 4),
        ("Bud vase", "vase.bud", 130, 70, 250, 2600, 5),
        ("Amphora", "vase.amphora", 320, 170, 2600, 11200, 4),
        ("Waisted vase", "vase.waist", 230, 120, 1200, 5400, 3),
        ("Footed vase", "vase.footed", 250, 160, 1800, 8200, 3),
        ("Gourd vase", "vase.gourd", 240, 140, 1500, 6900, 4),
        ("Tulip-necked vase", "vase.tulip", 270, 130, 1300, 6600, 3),
    ),
    "mugs-cups": (
        ("Everyday mug", "mug.straight", 95, 85, 350, 2400, 6),
        ("Round-bellied mug", "mug.belly", 92, 95, 400, 2600, 5),
        ("Espresso cup", "cup.espresso", 62, 65, 90, 1600, 4),
        ("Tumbler without a handle", "cup.tumbler", 100, 80, 280, 1900, 5),
        ("Tall latte mug", "mug.tall", 125, 85, 480, 2900, 4),
        ("Tea bowl", "cup.teabowl", 75, 115, 300, 3200, 4),
    ),
    "bowls-plates": (
        ("Breakfast bowl", "bowl.breakfast", 75, 155, 650, 2900, 6),
        ("Ramen bowl", "bowl.ramen", 90, 195, 1200, 3800, 4),
        ("Serving bowl", "bowl.serving", 110, 280, 3000, 7200, 4),
        ("Dinner plate", "plate.dinner", 25, 270, 0, 3200, 5),
        ("Side plate", "plate.side", 20, 200, 0, 2200, 4),
        ("Pasta plate", "plate.pasta", 45, 240, 0, 3400, 4),
        ("Small dip bowl", "bowl.dip", 45, 90, 120, 1200, 3),
    ),
    "teapots-jugs": (
        ("Round teapot", "teapot.round", 150, 165, 1000, 8900, 5),
        ("Low teapot", "teapot.low", 120, 175, 800, 8400, 4),
        ("Milk jug", "jug.milk", 105, 85, 350, 2800, 4),
        ("Water jug", "jug.water", 230, 130, 1500, 5600, 5),
        ("Pouring pitcher", "jug.pitcher", 200, 140, 1300, 5200, 4),
    ),
}
_ABOUT: dict[str, tuple[str, ...]] = {
    "vases": (
        "Thrown in one go and trimmed the next morning.",
        "The neck is narrow enough to make three stems look like a decision.",
        "Watertight, and heavy enough at the foot to stand a tall branch.",
        "It looks finished empty, which is rarer than it sounds.",
    ),
    "mugs-cups": (
        "The rim is thin, the base is thick, and that is most of what matters.",
        "A handle for three fingers and a thumb rest that you find without looking.",
        "Keeps its warmth about one chapter.",
        "Stacks in twos without wobbling.",
    ),
    "bowls-plates": (
        "Made to be stacked, scratched and passed around.",
        "A low foot keeps the warm base off the table.",
        "Good with soup and better with something green.",
        "Slightly different in every firing, so a set looks like a family.",
    ),
    "teapots-jugs": (
        "The spout cuts off cleanly and does not drip on the cloth.",
        "The lid stays on until the last cup.",
        "Balanced so that it feels lighter full than you expect.",
        "It pours in a thin, quiet line.",
    ),
}
_GLAZE_WORDS = {
    "speckle": "Iron in the clay comes through the glaze as fine dark specks.",
    "solid": "The glaze lies even and thins a little at the edges.",
    "reactive": "The glaze breaks where it runs thin, over rims and throwing rings.",
    "dip": "Dipped by hand, so the line sits where the potter's arm got tired.",
    "drip": "A second glaze was poured from the rim and stopped where it liked.",
    "brush": "Painted with a broad brush, once round, without lifting.",
    "bands": "Banded on the wheel with a loaded brush.",
    "crackle": "The fine net of lines is in the glaze and cannot be felt.",
    "raw": "Left raw outside and glazed within.",
}
_TITLES = ("{form}, {glaze}", "{form} in {glaze}", "{form}, {glaze}", "{form} in {glaze} glaze")


def _title(form: str, glaze: Glaze, dice: Dice) -> str:
    if glaze.lies == "raw":
        return f"{form} in {glaze.name}"
    title = dice.pick(_TITLES)
    if any(word in glaze.name for word in ("dip", "drip", "brush", "bands", "lines", "run", "speckle", "clay")):
        title = "{form}, {glaze}"
    return title.format(form=form, glaze=glaze.name)


def _forms(design: str, dice: Dice) -> tuple[Form, ...]:
    kind = design.split(".")[0]
    if kind in {"mug", "cup", "plate"} and dice.chance(0.6):
        return Form((("Set", "Single"),)), Form((("Set", "Set of two"),), 1.9), Form((("Set", "Set of four"),), 3.6)
    if kind in {"vase", "bowl"} and dice.chance(0.3):
        return Form((("Size", "Small"),)), Form((("Size", "Large"),), 1.5)
    return (Form(),)


def _one(shelf: str, form: tuple[str, str, int, int, int, int, int], glaze: Glaze, dice: Dice) -> Draft:
    name, design, height, diameter, capacity, cents, _count = form
    vary = dice.between(0.94, 1.06)
    material = (
        "Terracotta" if glaze.lies == "raw" else dice.pick(("Stoneware", "Stoneware", "Porcelain", "Earthenware"))
    )
    art = ArtSpec(
        family="ceramic",
        design=design,
        seed=dice.bits() >> 32,
        palette=(glaze.main, glaze.second, glaze.speck),
        params=(("lies", glaze.lies), ("finish", glaze.finish)),
        views=3 if dice.chance(0.4) else 2,
    )
    safe = glaze.lies not in {"crackle", "raw"}
    attributes: list[tuple[str, AttributeValue]] = [
        ("glaze", glaze.name.capitalize()), ("finish", glaze.finish), ("material", material), ("height", round(height * vary)),
        ("diameter", round(diameter * vary)), ("dishwasher", safe), ("colour", glaze.colour),
    ]  # fmt: skip
    details = [("Material", material), ("Glaze", f"{glaze.name}, {glaze.finish.lower()}")]
    details.append(("Size", f"{round(height * vary)} mm high, {round(diameter * vary)} mm across"))
    if capacity:
        attributes.append(("capacity", round(capacity * vary / 10) * 10))
        details.append(("Holds", f"{round(capacity * vary / 10) * 10} ml"))
    details.append(("Care", "dishwasher safe" if safe else "wash by hand"))
    return Draft(
        title=_title(name, glaze, dice),
        category=shelf,
        type="ceramic",
        description_html=prose([*dice.sample(_ABOUT[shelf], 2), _GLAZE_WORDS[glaze.lies]], details),
        attributes=tuple(attributes),
        art=art,
        base_cents=round(cents * dice.between(0.88, 1.14)),
        forms=_forms(design, dice),
        popular=dice.skewed(1.1, 0.6),
    )


def ceramics(seed: int) -> list[Draft]:
    """Return the ceramics; no form comes twice in one glaze, and all glazes are used about equally often."""
    dice = Dice("ceramics", seed)
    drafts: list[Draft] = []
    deck: list[Glaze] = []
    for shelf, forms in _FORMS.items():
        for form in forms:
            chosen: list[Glaze] = []
            while len(chosen) < form[6]:
                deck = deck or dice.shuffled(GLAZES)
                glaze = deck.pop()
                if glaze not in chosen:
                    chosen.append(glaze)
            drafts.extend(_one(shelf, form, glaze, dice) for glaze in chosen)
    return drafts
