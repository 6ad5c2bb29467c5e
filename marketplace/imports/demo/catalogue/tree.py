"""The shelves of the demo hall and the typed attributes of what stands on them."""

from marketplace.imports.demo.catalogue.shapes import Attribute, Category, ProductType

# top slug: (name, blurb, ((leaf slug, name, blurb), …))
_TREE: dict[str, tuple[str, str, tuple[tuple[str, str, str], ...]]] = {
    "records": ("Records", "Vinyl with its sleeve, played and graded.", (
        ("jazz-soul", "Jazz & soul", "Small groups, big bands and late voices."),
        ("electronic", "Electronic", "Machines, dance floors and long nights."),
        ("rock-indie", "Rock & indie", "Guitars in every state of repair."),
        ("folk-country", "Folk & country", "Songs that travel light."),
        ("ambient-classical", "Ambient & classical", "Music with room around it."),
        ("soundtracks", "Soundtracks", "Scores for films you may not have seen."),
    )),
    "prints": ("Prints & posters", "Works on paper, framed or flat.", (
        ("geometric-prints", "Geometric & abstract", "Shape, edge and colour."),
        ("botanical-prints", "Botanical", "Leaves, stems and seed heads."),
        ("landscape-prints", "Landscape", "Hills, coasts and the weather over them."),
        ("type-prints", "Typography", "Letters large enough to look at."),
        ("risographs", "Risographs", "Few inks, overlapping on purpose."),
    )),
    "ceramics": ("Ceramics", "Thrown, glazed and fired in small kilns.", (
        ("vases", "Vases", "For one branch or a whole garden."),
        ("mugs-cups", "Mugs & cups", "Handles that fit, and some without."),
        ("bowls-plates", "Bowls & plates", "For tables that get used."),
        ("teapots-jugs", "Teapots & jugs", "They pour, and stop when asked."),
    )),
    "textiles": ("Textiles", "Wool, linen and cotton, woven in short runs.", (
        ("throws", "Throws & blankets", "Heavy, light and in between."),
        ("cushions", "Cushions", "Covers with a filling worth keeping."),
        ("scarves", "Scarves", "From Biella to the west of Ireland."),
        ("kitchen-linen", "Kitchen linen", "Towels that dry from the first day."),
    )),
    "lighting": ("Lighting", "Lamps, pendants and candles.", (
        ("table-lamps", "Table lamps", "A turned foot and a warm shade."),
        ("pendants", "Pendants", "Spun metal over the table."),
        ("candles", "Candles & holders", "Beeswax, rapeseed and something to stand in."),
    )),
    "paper": ("Paper & desk", "Bound, folded and cut by hand.", (
        ("notebooks", "Notebooks", "Sewn, so that they lie flat."),
        ("cards", "Cards & envelopes", "Reasons to write to someone."),
        ("pencil-pots", "Pencils & pots", "For the corner of the desk."),
    )),
    "wood": ("Wood", "Boards, mills and toys, oiled and honest.", (
        ("boards", "Boards & trays", "For bread, cheese and the odd letter."),
        ("mills-bowls", "Mills & bowls", "Turned on a lathe, one by one."),
        ("toys", "Wooden toys", "Made to be dropped."),
    )),
    "plants": ("Plants & pots", "Green things and what they stand in.", (
        ("foliage", "Foliage plants", "Leaves for bright and dim corners."),
        ("cacti", "Cacti & succulents", "They forgive a holiday."),
        ("planters", "Planters", "Pots with and without a saucer."),
    )),
}  # fmt: skip

COLOURS = (
    "White", "Cream", "Natural", "Grey", "Black", "Brown", "Terracotta", "Red", "Pink", "Orange", "Yellow",
    "Green", "Teal", "Blue", "Purple", "Multicolour",
)  # fmt: skip


def _choice(code: str, name: str, *choices: str, facet: bool = True) -> Attribute:
    return Attribute(code=code, name=name, kind="choice", choices=choices, facet=facet)


def _number(code: str, name: str, unit: str, *, facet: bool = False) -> Attribute:
    return Attribute(code=code, name=name, kind="number", unit=unit, facet=facet)


def _yes(code: str, name: str) -> Attribute:
    return Attribute(code=code, name=name, kind="bool")


def _text(code: str, name: str) -> Attribute:
    return Attribute(code=code, name=name, kind="text", facet=False)


_COLOUR = _choice("colour", "Colour", *COLOURS)

_RECORD = (
    _text("artist", "Artist"),
    _text("label", "Label"),
    _choice("genre", "Genre", "Jazz", "Soul", "House", "Techno", "Synth", "Rock", "Indie", "Post-punk", "Folk", "Country",
            "Ambient", "Modern classical", "Soundtrack"),
    _choice("decade", "Decade", "1950s", "1960s", "1970s", "1980s", "1990s", "2000s", "2010s", "2020s"),
    _number("year", "Year", ""),
    _choice("format", "Format", "LP", "2 × LP", "12-inch single", "10-inch", "7-inch"),
    _choice("speed", "Speed", "33 rpm", "45 rpm"),
    _choice("pressing", "Pressing", "Original", "Reissue"),
    _choice("grading", "Grading", "Mint", "Near mint", "Very good plus", "Very good", "Good plus"),
)  # fmt: skip
_PRINT = (
    _text("artist", "Artist"),
    _choice("technique", "Technique", "Screen print", "Risograph", "Giclée", "Linocut", "Letterpress"),
    _choice("paper", "Paper", "Cotton rag", "Recycled", "Uncoated", "Japanese kozo"),
    _choice("frame", "Frame shown", "Oak", "Walnut", "Black", "White"),
    _choice("orientation", "Orientation", "Portrait", "Square", "Landscape"),
    _number("edition", "Edition of", "sheets"),
    _yes("signed", "Signed"),
    _COLOUR,
)
_CERAMIC = (
    _text("glaze", "Glaze"),
    _choice("finish", "Finish", "Gloss", "Satin", "Matt"),
    _choice("material", "Material", "Stoneware", "Porcelain", "Earthenware", "Terracotta"),
    _number("height", "Height", "mm"),
    _number("diameter", "Diameter", "mm"),
    _number("capacity", "Capacity", "ml"),
    _yes("dishwasher", "Dishwasher safe"),
    _COLOUR,
)
_TEXTILE = (
    _choice("fibre", "Fibre", "Lambswool", "Merino", "Linen", "Cotton", "Alpaca", "Wool and linen"),
    _choice("weave", "Weave", "Plain", "Twill", "Herringbone", "Waffle", "Ikat", "Check", "Stripe", "Kilim"),
    _number("weight", "Weight", "g"),
    _yes("washable", "Machine washable"),
    _COLOUR,
)
_LAMP = (
    _choice("material", "Material", "Ceramic", "Oak", "Walnut", "Steel", "Brass", "Linen shade"),
    _choice("socket", "Socket", "E27", "E14"),
    _number("height", "Height", "mm"),
    _number("cable", "Cable", "cm"),
    _yes("dimmable", "Dimmable"),
    _COLOUR,
)
_CANDLE = (
    _choice("wax", "Wax", "Beeswax", "Rapeseed", "Stearin"),
    _number("burning", "Burning time", "h"),
    _yes("scented", "Scented"),
    _COLOUR,
)
_PAPER = (
    _choice("ruling", "Ruling", "Blank", "Dotted", "Lined", "Squared"),
    _number("pages", "Pages", ""),
    _number("grammage", "Paper weight", "g/m²"),
    _yes("recycled", "Recycled paper"),
    _COLOUR,
)
_DESK = (_number("height", "Height", "mm"), _choice("material", "Material", "Ceramic", "Cedar", "Beech"), _COLOUR)
_WOOD = (
    _choice("timber", "Timber", "Oak", "Walnut", "Beech", "Maple", "Cherry", "Ash", "Olive"),
    _choice("finish", "Finish", "Linseed oil", "Beeswax", "Milk paint", "Soap"),
    _number("length", "Length", "mm"),
    _yes("food_safe", "Food safe"),
)
_TOY = (
    _choice("timber", "Timber", "Beech", "Maple", "Ash", "Oak", "Cherry"),
    _number("age", "From age", "years", facet=True),
    _yes("painted", "Painted"),
    _COLOUR,
)
_PLANT = (
    _text("botanical_name", "Botanical name"),
    _choice("light", "Light", "Full sun", "Bright, indirect", "Half shade", "Shade"),
    _choice("watering", "Watering", "Weekly", "Every two weeks", "Monthly"),
    _number("height", "Height with pot", "cm"),
    _yes("pet_safe", "Safe for pets"),
)


def categories() -> tuple[Category, ...]:
    """Return the category tree, parents before children."""
    shelves: list[Category] = []
    for position, (slug, (name, blurb, leaves)) in enumerate(_TREE.items()):
        shelves.append(Category(slug=slug, name=name, parent=None, position=position, blurb=blurb))
        shelves.extend(
            Category(slug=leaf, name=leaf_name, parent=slug, position=place, blurb=leaf_blurb)
            for place, (leaf, leaf_name, leaf_blurb) in enumerate(leaves)
        )
    return tuple(shelves)


def types() -> tuple[ProductType, ...]:
    """Return the product types with their attributes."""
    return (
        ProductType("record", "Record", _RECORD),
        ProductType("print", "Print", _PRINT, axes=("Size",)),
        ProductType("ceramic", "Ceramics", _CERAMIC, axes=("Size", "Set")),
        ProductType("textile", "Textile", _TEXTILE, axes=("Size", "Colour")),
        ProductType("lamp", "Lamp", _LAMP, axes=("Flex",)),
        ProductType("candle", "Candle", _CANDLE, axes=("Set",)),
        ProductType("paper", "Paper goods", _PAPER, axes=("Size", "Colour", "Set")),
        ProductType("desk", "Desk things", _DESK, axes=("Set",)),
        ProductType("wood", "Kitchen wood", _WOOD, axes=("Size",)),
        ProductType("toy", "Toy", _TOY),
        ProductType("plant", "Plant", _PLANT, axes=("Pot",)),
    )
