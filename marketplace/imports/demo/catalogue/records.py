"""Records: shelves of invented pressings, each with a sleeve that suits its genre and decade."""

from marketplace.imports.demo.art.spec import ArtSpec
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, prose
from marketplace.imports.demo.catalogue.record_titles import SHELVES, SLEEVES
from marketplace.imports.demo.catalogue.shapes import AttributeValue

# ground, then inks
_PALETTES: tuple[tuple[str, ...], ...] = (
    ("#f2e6d0", "#d1432b", "#1f3a4d", "#e3a33a", "#1b1a18"),
    ("#10262b", "#e8c67a", "#d9603b", "#7fb7a8", "#f4eee1"),
    ("#e9ddc7", "#21564f", "#c8502f", "#e0b45c", "#20201e"),
    ("#f5efe3", "#1d4e89", "#e4572e", "#f3a712", "#161616"),
    ("#1b1b2c", "#f25f5c", "#ffe066", "#70c1b3", "#f7f3ea"),
    ("#d9472b", "#f6e7cb", "#1a2a33", "#f0b64c", "#fff8ea"),
    ("#f7d9c4", "#7a2e3a", "#e2725b", "#2f4858", "#241a1a"),
    ("#0f3d3e", "#f4b942", "#e2dcc8", "#c84b31", "#f6f0df"),
    ("#e8e4da", "#3b3a36", "#a8a294", "#c9482f", "#191815"),
    ("#243b6b", "#f3ead7", "#ef8354", "#bfc9d9", "#ffffff"),
    ("#f0c14b", "#1d1d1b", "#d4502a", "#f8f1de", "#1d1d1b"),
    ("#cfe0d8", "#1f4a43", "#ec7357", "#f4d58d", "#16302c"),
    ("#2b1d2e", "#c86b98", "#f2a65a", "#6d9dc5", "#f9ecd9"),
    ("#eef0ee", "#2a6f97", "#012a4a", "#89c2d9", "#0b1d2b"),
    ("#b23a2e", "#f5d9a8", "#2a1a16", "#e88d4a", "#fdf3df"),
    ("#f6f1e7", "#6b705c", "#cb997e", "#3f4238", "#262620"),
    ("#16161a", "#e63946", "#f1faee", "#8d99ae", "#f1faee"),
    ("#dfe7ec", "#34576b", "#e09f7d", "#8fb0bd", "#1c2b33"),
)
_LABELS = ("#c8452f", "#1f5f8b", "#e3b23c", "#2e6b4f", "#22201d", "#d8cdb8", "#7a3550", "#e07b39")
_COLOURED_WAX = ("#8d1f24", "#1d4f7a", "#d9a521", "#2f6e4c", "#d8d2c4", "#5b3a72")

_ABOUT: dict[str, tuple[str, ...]] = {
    "jazz-soul": (
        "Cut live in two evenings, with the room left in.",
        "The rhythm section does the talking and the front line has the sense to listen.",
        "Side two opens with the ballad everyone asks for and nobody can name.",
        "Warm, close and a little ahead of the beat.",
        "Horn charts that walk in, say what they came for and leave.",
        "A late-night record that behaves surprisingly well at breakfast.",
    ),
    "electronic": (
        "Long tracks that change one thing at a time.",
        "Recorded to tape on borrowed machines and mixed before they had to go back.",
        "The kind of bass line that tidies a room.",
        "Cold on paper, warm on a big system.",
        "Side A is for the floor, side B for the tram home.",
        "Cut loud, with plenty of space between the grooves.",
    ),
    "rock-indie": (
        "Two guitars, one good idea per song, no solos longer than a kettle takes.",
        "The single was on the radio for a week; the rest is better.",
        "Loud in the right places and funny in the others.",
        "Recorded in a village hall with the heating on.",
        "A band that never had a plan, at the moment it briefly worked.",
        "Choruses you will think you wrote yourself.",
    ),
    "folk-country": (
        "Voice, a guitar with history, and somebody's kitchen clock.",
        "Traditional tunes beside new ones, and you are not told which is which.",
        "Harmonies that only siblings and long winters produce.",
        "Songs about work, weather and people who left.",
        "The fiddle comes in on the third verse and stays for supper.",
        "Recorded in a barn; you can hear the rain on track four.",
    ),
    "ambient-classical": (
        "Music that leaves the furniture where it is.",
        "Slow pieces with exact titles.",
        "A piano with felt on its hammers, recorded very close.",
        "Best heard quietly, with a window open.",
        "Two long sides without a gap, made for one grey afternoon.",
        "Strings that hold a note until it becomes a colour.",
    ),
    "soundtracks": (
        "The film is lost; the score survived in a cupboard.",
        "Harpsichord, wordless voices and a chase nobody wins.",
        "Main theme in four moods, of which the sad one is best.",
        "Cues short enough to steal and good enough to keep.",
        "Scored for small orchestra and one very patient bassist.",
        "Ends with the love theme, played as if it were bad news.",
    ),
}
_CARE = (
    "Cleaned on a vacuum machine and put in a new inner sleeve.",
    "Played through once before listing; what we heard is in the grading.",
    "Matrix numbers can be had on request.",
    "Comes in its original inner sleeve, with a fresh outer.",
    "A few hairlines under a strong lamp, none of them audible.",
    "The cover has kept its colour, with light wear at the corners.",
    "Flat, glossy and quiet between tracks.",
    "Hype sticker still on the shrink.",
)
_GRADES = ("Mint", "Near mint", "Very good plus", "Very good", "Good plus")


def _pressing(year: int, dice: Dice) -> tuple[str, str, str]:
    """Return format, speed and pressing that a record of that year may have."""
    if year >= 1978 and dice.chance(0.12):
        return "12-inch single", "45 rpm", "Original"
    if dice.chance(0.07):
        return ("7-inch", "45 rpm", "Original") if year < 1990 else ("10-inch", "45 rpm", "Original")
    size = "2 × LP" if year >= 1992 and dice.chance(0.25) else "LP"
    return size, "33 rpm", "Reissue" if year < 1990 and dice.chance(0.3) else "Original"


def _grade(year: int, pressing: str, dice: Dice) -> str:
    weights = (4, 5, 2, 1, 0) if year > 2005 or pressing == "Reissue" else (0, 3, 5, 4, 1)
    return dice.weighted(_GRADES, [float(weight) for weight in weights])


def _price(year: int, size: str, pressing: str, dice: Dice) -> int:
    base = {"LP": 2400, "2 × LP": 3200, "12-inch single": 1400, "10-inch": 1900, "7-inch": 1000}[size]
    rarity = dice.skewed(1.0, 0.55) if year < 1990 and pressing == "Original" else dice.skewed(1.0, 0.18)
    return max(600, round(base * rarity))


def _one(shelf: str, line: str, design: str, inks: tuple[str, ...], dice: Dice) -> Draft:
    artist, title, year_text, label, genre = (part.strip() for part in line.split("|"))
    year = int(year_text)
    size, speed, pressing = _pressing(year, dice)
    grade = _grade(year, pressing, dice)
    wax = dice.pick(_COLOURED_WAX) if year > 2005 and dice.chance(0.3) else "#141314"
    art = ArtSpec(
        family="record",
        design=design,
        seed=dice.bits() >> 32,
        palette=(*inks, dice.pick(_LABELS), wax),
        params=(("decade", f"{year // 10 * 10}"),),
        texts=(title, artist, label),
        views=3,
    )
    attributes: tuple[tuple[str, AttributeValue], ...] = (
        ("artist", artist), ("label", label), ("genre", genre), ("decade", f"{year // 10 * 10}s"),
        ("year", year), ("format", size), ("speed", speed), ("pressing", pressing), ("grading", grade),
    )  # fmt: skip
    sentences = [*dice.sample(_ABOUT[shelf], 2), dice.pick(_CARE)]
    if wax != "#141314":
        sentences.append("Pressed on coloured vinyl.")
    details = [("Label", label), ("Year", f"{year}"), ("Format", f"{size}, {speed}"), ("Pressing", pressing)]
    return Draft(
        title=f"{artist}, {title}",
        category=shelf,
        type="record",
        description_html=prose(sentences, details),
        attributes=attributes,
        art=art,
        base_cents=_price(year, size, pressing, dice),
        used=year < 2010 and pressing == "Original",
        popular=dice.skewed(1.15, 0.6),
    )


def records(seed: int) -> list[Draft]:
    """Return the records, shelf by shelf; no sleeve design comes in the same inks again before all have been used."""
    dice = Dice("records", seed)
    left: dict[str, list[tuple[str, ...]]] = {}
    drafts: list[Draft] = []
    for shelf, block in SHELVES.items():
        for place, line in enumerate(block.strip().splitlines()):
            design = SLEEVES[shelf][place % len(SLEEVES[shelf])]
            inks = left.get(design) or dice.shuffled(_PALETTES)
            drafts.append(_one(shelf, line, design, inks[0], dice))
            left[design] = inks[1:]
    return drafts
