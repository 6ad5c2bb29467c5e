"""Plants in their pots, and pots alone."""

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, Form, prose
from marketplace.imports.demo.catalogue.shapes import AttributeValue

# common name | botanical name | drawn as | leaf | second leaf | light | watering | cm | pet safe | cents
_FOLIAGE = """
Snake plant | Dracaena trifasciata | sword | #4f7350 | #c9cf8f | Half shade | Monthly | 55 | no | 2400
Cylindrical snake plant | Dracaena angolensis | sword | #5f7f68 | #8aa38b | Half shade | Monthly | 50 | no | 2600
Pilea | Pilea peperomioides | coin | #5d9150 | #86b56c | Bright, indirect | Weekly | 28 | yes | 1600
Watermelon peperomia | Peperomia argyreia | coin | #4c7d5c | #b8cfb2 | Bright, indirect | Every two weeks | 22 | yes | 1800
Rubber plant | Ficus elastica | broad | #2f5138 | #557a4e | Bright, indirect | Every two weeks | 70 | no | 3400
Fiddle-leaf fig | Ficus lyrata | broad | #4a7a3c | #7ba35a | Bright, indirect | Weekly | 85 | no | 4900
Burgundy rubber plant | Ficus elastica 'Abidjan' | broad | #3d2f31 | #6b3d3c | Bright, indirect | Every two weeks | 65 | no | 3600
Parlour palm | Chamaedorea elegans | palm | #5a8a45 | #86ad62 | Half shade | Weekly | 60 | yes | 2200
Kentia palm | Howea forsteriana | palm | #3f6f45 | #6d9a5e | Half shade | Weekly | 90 | yes | 5900
Boston fern | Nephrolepis exaltata | fern | #67994c | #92bd6c | Half shade | Weekly | 40 | yes | 1900
Bird's-nest fern | Asplenium nidus | strap | #6fa04a | #9cc26a | Shade | Weekly | 42 | yes | 2300
Spider plant | Chlorophytum comosum | strap | #86ab5f | #e4e6b8 | Bright, indirect | Weekly | 34 | yes | 1400
Cast-iron plant | Aspidistra elatior | broad | #38603c | #547a4b | Shade | Every two weeks | 58 | yes | 4400
ZZ plant | Zamioculcas zamiifolia | palm | #35603b | #4f7d49 | Shade | Monthly | 52 | no | 2700
Prayer plant | Goeppertia orbifolia | coin | #6e9a72 | #c3d3b8 | Half shade | Weekly | 38 | yes | 2800
Coin ivy peperomia | Peperomia polybotrya | coin | #3f7a42 | #6a9d5a | Bright, indirect | Every two weeks | 26 | yes | 1700
Silver snake plant | Dracaena 'Moonshine' | sword | #a9bda6 | #7f9a85 | Half shade | Monthly | 44 | no | 2800
Olive tree, small | Olea europaea | tree | #7d8f6b | #a4b18d | Full sun | Weekly | 75 | yes | 4200
Bay tree, clipped | Laurus nobilis | tree | #3f6340 | #5d8452 | Full sun | Weekly | 80 | no | 4600
"""
_CACTI = """
Old-man barrel cactus | Echinocactus grusonii | barrel | #6c8f55 | #e6d58a | Full sun | Monthly | 18 | yes | 2200
Column cactus | Pilosocereus pachycladus | column | #5f93a0 | #d9c98f | Full sun | Monthly | 38 | yes | 3400
Fairy castle cactus | Acanthocereus tetragonus | column | #5c8a4e | #b9c98a | Full sun | Monthly | 26 | yes | 1500
San Pedro cactus | Trichocereus macrogonus | column | #5b8768 | #c7cfa5 | Full sun | Monthly | 46 | yes | 3900
Bunny ears | Opuntia microdasys | paddle | #7fa35c | #ecd98f | Full sun | Monthly | 24 | yes | 1400
Beavertail cactus | Opuntia basilaris | paddle | #8ba6a0 | #b76a78 | Full sun | Monthly | 22 | yes | 1800
Echeveria | Echeveria elegans | rosette | #a9c4b6 | #d7a3a0 | Full sun | Every two weeks | 12 | yes | 900
Ghost plant | Graptopetalum paraguayense | rosette | #c3bcc0 | #c98f97 | Full sun | Every two weeks | 12 | yes | 1000
Houseleek, dark | Sempervivum 'Black' | rosette | #6b3b45 | #7f9a5a | Full sun | Monthly | 9 | yes | 700
Haworthia | Haworthiopsis attenuata | rosette | #4f7a58 | #dfe6d2 | Bright, indirect | Monthly | 12 | yes | 1100
Aloe | Aloe vera | rosette | #7fa77d | #b9cfa6 | Full sun | Monthly | 30 | no | 1300
Pincushion cactus | Mammillaria hahniana | barrel | #7d9a6f | #efe6e0 | Full sun | Monthly | 11 | yes | 1000
Blue barrel cactus | Ferocactus glaucescens | barrel | #6f97a0 | #dcc36a | Full sun | Monthly | 16 | yes | 1900
"""
# name, the colour it reads as, pot colour, how it is finished
_POTS = (
    ("terracotta", "Terracotta", "#bf6c48", "raw"), ("chalk", "White", "#ece7dc", "matt"),
    ("charcoal", "Black", "#34353a", "matt"),
    ("celadon", "Green", "#a6c0ab", "gloss"), ("sand speckle", "Natural", "#d8c6a6", "speckle"),
    ("ink blue", "Blue", "#2c466e", "gloss"), ("blush", "Pink", "#dcae9f", "matt"), ("mustard", "Yellow", "#d3a13c", "gloss"),
    ("stone", "Grey", "#a4a29b", "speckle"), ("petrol", "Teal", "#2a686c", "gloss"),
)  # fmt: skip
_PLANTERS = (
    ("Tapered planter", "planter.tapered", 180, 2400, 5), ("Round-bellied planter", "planter.belly", 200, 2900, 4),
    ("Planter with saucer", "planter.saucer", 170, 2600, 5), ("Footed planter", "planter.footed", 240, 4200, 3),
)  # fmt: skip
_FOLIAGE_WORDS = (
    "Grown cool and slowly, so it will not sulk in a normal living room.",
    "Turn it a quarter each week and it will stay upright.",
    "A new leaf every month or so, more in a good summer.",
    "Tells you when it is thirsty, and recovers by morning.",
    "Sent in its nursery pot inside the one you see.",
)
_CACTUS_WORDS = (
    "Wants sun, grit and to be left alone.",
    "Forget it in winter and it may flower for you in spring.",
    "Raised from seed, never taken from the wild.",
    "Handle it with a folded newspaper, not with confidence.",
    "Happy on the windowsill that has killed everything else.",
)
_SOFT_WORDS = tuple(word for word in _CACTUS_WORDS if "newspaper" not in word)
_PLANTER_WORDS = (
    "With a drainage hole, and a cork for those who live dangerously.",
    "The wall is thick enough to keep roots cool.",
    "Frost-proof to minus ten, and to most cats.",
    "Looks better with a little moss on it.",
)


def _plant(shelf: str, line: str, dice: Dice) -> Draft:
    cells = [cell.strip() for cell in line.split("|")]
    name, latin, drawn, leaf, second, light, watering, height, safe, cents = cells
    pot_name, _colour, pot, finish = dice.pick(_POTS)
    art = ArtSpec(
        "plant",
        f"{shelf}.{drawn}",
        dice.bits() >> 32,
        (leaf, second, pot),
        (("pot", finish),),
        views=3 if dice.chance(0.35) else 2,
    )
    attributes: tuple[tuple[str, AttributeValue], ...] = (
        ("botanical_name", latin), ("light", light), ("watering", watering), ("height", int(height)),
        ("pet_safe", safe == "yes"),
    )  # fmt: skip
    details = [("Botanical name", f"<em>{latin}</em>"), ("Light", light.lower()), ("Water", watering.lower())]
    details.append(("Height", f"about {height} cm with the pot"))
    words = _FOLIAGE_WORDS if shelf == "foliage" else _SOFT_WORDS if drawn == "rosette" else _CACTUS_WORDS
    forms = (Form((("Pot", f"With {pot_name} pot"),)), Form((("Pot", "Nursery pot only"),), 0.7))
    article = "an" if pot_name[0] in "aeiou" else "a"
    title = f"{name} in {article} {pot_name} pot"
    return Draft(
        title,
        shelf,
        "plant",
        prose(dice.sample(words, 3), details),
        attributes,
        art,
        int(cents),
        forms,
        popular=dice.skewed(1.1, 0.5),
    )


def plants(seed: int) -> list[Draft]:
    """Return plants and planters."""
    dice = Dice("plants", seed)
    drafts = [_plant("foliage", line, dice) for line in _FOLIAGE.strip().splitlines()]
    drafts += [_plant("cacti", line, dice) for line in _CACTI.strip().splitlines()]
    for name, design, height, cents, count in _PLANTERS:
        for pot_name, colour, pot, finish in dice.sample(_POTS, count):
            art = ArtSpec("plant", design, dice.bits() >> 32, (pot,), (("pot", finish),), views=2)
            material = "Terracotta" if finish == "raw" else "Stoneware"
            tall = round(height * dice.between(0.95, 1.06))
            attributes: tuple[tuple[str, AttributeValue], ...] = (
                ("glaze", pot_name.capitalize()), ("material", material), ("height", tall), ("colour", colour),
                ("finish", "Gloss" if finish == "gloss" else "Matt"),
            )  # fmt: skip
            words = prose(dice.sample(_PLANTER_WORDS, 3), [("Height", f"{tall} mm"), ("Material", material.lower())])
            sizes = (Form((("Size", "14 cm"),)), Form((("Size", "19 cm"),), 1.4))
            drafts.append(
                Draft(
                    f"{name}, {pot_name}",
                    "planters",
                    "ceramic",
                    words,
                    attributes,
                    art,
                    cents,
                    sizes,
                    popular=dice.skewed(0.9, 0.5),
                )
            )
    return drafts
