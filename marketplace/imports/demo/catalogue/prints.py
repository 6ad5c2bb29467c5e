"""Art prints: titles, compositions and inks of invented printmakers."""

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, Form, prose
from marketplace.imports.demo.catalogue.shapes import AttributeValue

# shelf: lines of title | composition | colour it reads as
SHELVES: dict[str, str] = {
    "geometric-prints": """
Seven Arcs, Late Light | arcs | Terracotta
Counterweight | stack | Blue
House with Three Roofs | bauhaus | Red
Quiet Grid | grid | Green
Staircase, Going Both Ways | stairs | Orange
Two Rooms and a Hall | bauhaus | Yellow
Mobile for a Low Ceiling | mobile | Black
Basketwork in Five Blues | weave | Blue
Sunday Circles | circles | Orange
Leaning Stones | stack | Grey
Harbour Plan | bauhaus | Teal
Arc de Cuisine | arcs | Green
Sixteen Doors | grid | Pink
Evening Mobile | mobile | Blue
Plaited Red | weave | Red
Moon Ladder | circles | Black
Steps to the Laundry | stairs | Teal
Balance of Payments | stack | Yellow
Rainbow for Adults | arcs | Brown
Tile Factory | grid | Terracotta
Orbit, Folded | circles | Purple
Wind in the Wires | mobile | Red
""",
    "botanical-prints": """
Fern, Unfolding | fern | Green
Olive Branch in March | branch | Green
Poppy Heads | seedheads | Brown
Five Tulips, One Late | tulips | Red
Tall Grass | grass | Yellow
Two Leaves Talking | leafpair | Teal
Rubber Plant, North Window | leafpair | Green
Bracken | fern | Brown
Eucalyptus | branch | Blue
Allium After Rain | seedheads | Purple
Tulips for the Landlady | tulips | Pink
Reeds at Low Water | grass | Blue
Fig Leaf, Honestly | leafpair | Terracotta
Maidenhair | fern | Black
Bay Laurel | branch | Black
Honesty | seedheads | Grey
Tulips, Almost Over | tulips | Orange
Barley | grass | Terracotta
Banana Leaf at Noon | leafpair | Pink
Willow Switch | branch | Yellow
Thistle Down | seedheads | Blue
Hart's Tongue | fern | Teal
""",
    "landscape-prints": """
Blue Ridge Before Breakfast | ridges | Blue
Salt Coast | coast | Teal
Lake with Late Sun | lake | Orange
Dunes, Walking | dunes | Yellow
Spruce Edge | forest | Green
Outer Islands | islands | Blue
Snow Line | ridges | Grey
The Long Groyne | coast | Yellow
Midsummer, Half Past Eleven | lake | Pink
Red Desert Road | dunes | Terracotta
Fog in the Plantation | forest | Grey
Skerries | islands | Black
Heather Hills | ridges | Purple
Low Tide, Warm Wind | coast | Pink
Tarn | lake | Blue
Sand Sea | dunes | Pink
Forest, First Frost | forest | Blue
Ferry View | islands | Orange
Terraced Evening | ridges | Red
Cliff Path | coast | Green
The Reservoir in August | lake | Yellow
Birchwood | forest | Orange
""",
    "type-prints": """
Soup | word | Red
Ampersand, Seated | ampersand | Black
Alphabet for a Kitchen Wall | alphabet | Green
Numeral Seven | numeral | Blue
Stay for Supper | words | Orange
Quiet Please | words | Black
Bread | word | Yellow
And So On | ampersand | Pink
Wood Type Specimen | alphabet | Red
Numeral Three | numeral | Terracotta
Less Hurry | words | Teal
Oh Well | words | Pink
Nap | word | Blue
Ampersand in Two Colours | ampersand | Blue
Alphabet, Rearranged | alphabet | Black
Numeral Five | numeral | Green
Close the Door Softly | words | Red
More Butter | words | Yellow
Hush | word | Purple
Ampersand, Late Style | ampersand | Green
Numeral Nine | numeral | Black
""",
    "risographs": """
Lemons, Overprinted | lemons | Yellow
Bottle Party | bottles | Teal
Sun over Checked Field | checksun | Orange
Three Inks Meeting | overlap | Pink
Pear Study | pears | Green
Night Swim | swim | Blue
Overlap Number Nine | overlap | Blue
Blood Oranges | lemons | Red
Shelf with Bottles | bottles | Pink
Second Sun | checksun | Pink
Pears for a Neighbour | pears | Orange
Deep End | swim | Teal
Soft Collision | overlap | Green
Limes | lemons | Green
Still Life with Blue Jug | bottles | Blue
Checkerboard Noon | checksun | Blue
Winter Pears | pears | Purple
Lane Four | swim | Orange
Pink Eats Yellow | overlap | Yellow
Clementines at the Fair | lemons | Orange
Apothecary | bottles | Brown
Last Swim of the Year | swim | Pink
""",
}

# paper, then inks, by the colour the sheet reads as
_INKS: dict[str, tuple[tuple[str, ...], ...]] = {
    "Terracotta": (("#f5ecdf", "#c4623f", "#e3a483", "#7c3a28", "#2c2522"),
                   ("#f3e7d6", "#b5533a", "#dcae7a", "#5b4636", "#8aa399")),
    "Blue": (("#f2efe6", "#27548a", "#7aa5c9", "#12304f", "#e2b76a"), ("#edf0ee", "#2f6690", "#9fc1d6", "#16425b", "#e8815a")),
    "Red": (("#f6eee2", "#c93a2c", "#ef8f6e", "#2a3440", "#e9b95c"), ("#f4ebdf", "#b5302a", "#e6b7a0", "#1f2a30", "#d9823f")),
    "Green": (("#f3efe3", "#3f6b4f", "#93b08a", "#213c30", "#d8a657"), ("#f0eee2", "#55744b", "#b6c39a", "#2b3d2c", "#c96f4a")),
    "Orange": (("#f7eedf", "#e07a35", "#f2b573", "#8c3b1e", "#35506b"), ("#f5eddc", "#d96b2b", "#efc48d", "#4a3a36", "#5f8f8a")),
    "Yellow": (("#f7f1df", "#e0ac2c", "#f1d489", "#6f5722", "#3c5a73"), ("#f6efdc", "#d79f1e", "#efdb9f", "#3b3a33", "#c95f3a")),
    "Black": (("#f2eee5", "#24231f", "#8c867a", "#0f0f0e", "#c64a31"), ("#efece4", "#1d1f22", "#a7a299", "#101113", "#d9a441")),
    "Grey": (("#f1efe9", "#6d7276", "#b3b5b3", "#33383b", "#c98b5f"), ("#efeeea", "#7b7d7a", "#c3c0b8", "#3a3c3b", "#7f9bb0")),
    "Teal": (("#f2eee2", "#1f7571", "#82b8ae", "#0f3f42", "#e59a5a"), ("#eef0e8", "#2a7f86", "#a3cbc4", "#174a50", "#e8c15f")),
    "Pink": (("#f8ece4", "#d9788a", "#f0b9b4", "#7a3349", "#3f6f73"), ("#f7ebe6", "#cf6679", "#eec3c1", "#52344c", "#e2a64b")),
    "Purple": (("#f3ecea", "#6f4d8b", "#b59cc8", "#382548", "#e0a95c"), ("#f1ebee", "#7d5a93", "#c7b1d2", "#3b2a4c", "#d97c6a")),
    "Brown": (("#f3eadc", "#7a5236", "#b98e66", "#3e291c", "#5f7f6d"), ("#f1e7d7", "#85603f", "#c9a57c", "#41301f", "#c2583c")),
}  # fmt: skip

_ARTISTS: dict[str, tuple[str, ...]] = {
    "geometric-prints": ("Matthias Oerding", "Sunniva Lie", "Paulo Quintela", "Greta Vogelsang"),
    "botanical-prints": ("Elin Backström", "Hester Ravenhill", "Inês Carvalhal", "Noor van Dalen"),
    "landscape-prints": ("Elin Backström", "Iain Kerrow", "Tuuli Aaltola", "Bruno Ferraz"),
    "type-prints": ("Greta Vogelsang", "Paulo Quintela", "Ottilie Brandt"),
    "risographs": ("Noor van Dalen", "Ottilie Brandt", "Milo Santini", "Inês Carvalhal"),
}
_TECHNIQUE = {
    "geometric-prints": ("Screen print", "Giclée"),
    "botanical-prints": ("Linocut", "Screen print"),
    "landscape-prints": ("Screen print", "Giclée", "Linocut"),
    "type-prints": ("Letterpress", "Screen print"),
    "risographs": ("Risograph",),
}
_ABOUT: dict[str, tuple[str, ...]] = {
    "geometric-prints": (
        "Built from a handful of shapes that were moved about until nobody wanted to move them again.",
        "The edges are cut by knife, so no two corners are quite the same.",
        "It holds a wall on its own and gets on with neighbours.",
        "Drawn first in cut paper, then separated into one screen for each colour.",
    ),
    "botanical-prints": (
        "Drawn from one plant on one windowsill, over the course of a week.",
        "The cut marks are left in; they are half of the picture.",
        "Quiet from across the room and full of small lines up close.",
        "Pressed between the pages of a telephone book before it was drawn.",
    ),
    "landscape-prints": (
        "Walked in the morning, drawn from memory in the afternoon.",
        "Layers of transparent ink, the palest first.",
        "A place without a car park, which is why it still looks like this.",
        "The horizon sits a little low, as it does when you sit down yourself.",
    ),
    "type-prints": (
        "Set in wood type that has been through three presses and a flood.",
        "Big enough to read from the stove.",
        "The ink is laid on thickly and catches the light from the side.",
        "For halls, kitchens and anyone who reads walls.",
    ),
    "risographs": (
        "Printed in a few inks that make new colours where they overlap.",
        "Slightly out of register, as the machine and we both prefer.",
        "Grainy, bright and a little different on every sheet.",
        "The ink is made from soy and never gets entirely dry in character.",
    ),
}
_END = (
    "Signed and numbered in pencil.",
    "Sent flat between boards, or rolled in the largest size.",
    "Frame not included; it fits a standard one.",
    "Shown framed, sold as a sheet.",
)
_SIZES = (("30 × 40 cm", 1.0), ("40 × 50 cm", 1.45), ("50 × 70 cm", 2.1))
_SQUARE = (("30 × 30 cm", 1.0), ("50 × 50 cm", 1.7))


def _one(shelf: str, line: str, place: int, dice: Dice) -> Draft:
    title, composition, colour = (part.strip() for part in line.split("|"))
    artist = _ARTISTS[shelf][place % len(_ARTISTS[shelf])]
    technique = dice.pick(_TECHNIQUE[shelf])
    frame = dice.weighted(("Oak", "Walnut", "Black", "White"), (5, 2, 3, 3))
    square = shelf in {"geometric-prints", "type-prints"} and dice.chance(0.22)
    wide = shelf == "landscape-prints" and dice.chance(0.3)
    orientation = "Square" if square else "Landscape" if wide else "Portrait"
    edition = dice.pick((40, 60, 75, 100, 120, 150))
    paper = dice.pick(("Cotton rag", "Recycled", "Uncoated", "Japanese kozo"))
    art = ArtSpec(
        family="print",
        design=composition,
        seed=dice.bits() >> 32,
        palette=_INKS[colour][place % 2],
        params=(("frame", frame), ("orientation", orientation), ("shelf", shelf)),
        texts=(title, artist),
        views=3 if dice.chance(0.5) else 2,
    )
    attributes: tuple[tuple[str, AttributeValue], ...] = (
        ("artist", artist), ("technique", technique), ("paper", paper), ("frame", frame), ("orientation", orientation),
        ("edition", edition), ("signed", dice.chance(0.75)), ("colour", colour),
    )  # fmt: skip
    sizes = _SQUARE if square else _SIZES
    details = [("Technique", technique), ("Paper", paper), ("Edition", f"{edition} sheets"), ("Artist", artist)]
    return Draft(
        title=title if shelf != "risographs" else f"{title}, risograph",
        category=shelf,
        type="print",
        description_html=prose([*dice.sample(_ABOUT[shelf], 2), dice.pick(_END)], details),
        attributes=attributes,
        art=art,
        base_cents=round({"Risograph": 2400, "Letterpress": 3400}.get(technique, 3900) * dice.skewed(1.0, 0.2)),
        forms=tuple(Form((("Size", size),), factor) for size, factor in sizes),
        popular=dice.skewed(0.9, 0.6),
    )


def prints(seed: int) -> list[Draft]:
    """Return the prints, shelf by shelf."""
    dice = Dice("prints", seed)
    return [
        _one(shelf, line, place, dice)
        for shelf, block in SHELVES.items()
        for place, line in enumerate(block.strip().splitlines())
    ]
