"""The demo's sellers: who they are, where, what they sell, and what their parcels cost."""

from datetime import date

from marketplace.imports.demo.catalogue.shapes import ShippingOption, ShippingRate, Stall


def _option(
    code: str, name: str, prices: tuple[int, int, int | None], days: tuple[int, int], free_from: int | None = None
) -> ShippingOption:
    """Build an option from prices (home, EU, rest of Europe; None: not served) and days in transit at home."""
    low, high = days
    rates = [
        ShippingRate(group="home", price_cents=prices[0], days_min=low, days_max=high),
        ShippingRate(group="eu", price_cents=prices[1], days_min=low + 2, days_max=high + 3),
    ]
    if prices[2] is not None:
        rates.append(ShippingRate(group="europe", price_cents=prices[2], days_min=low + 3, days_max=high + 6))
    return ShippingOption(code=code, name=name, rates=tuple(rates), free_from_cents=free_from)


def _parcel(home: int, union: int, far: int | None, *, free_from: int | None = None) -> tuple[ShippingOption, ...]:
    """Return the usual pair, standard and express, from the standard prices in cents."""
    express = (home + 450, union + 900, None if far is None else far + 1200)
    return (
        _option("standard", "Standard parcel", (home, union, far), (2, 4), free_from),
        _option("express", "Express, tracked", express, (1, 2)),
    )


def _letter(home: int, union: int, far: int) -> tuple[ShippingOption, ...]:
    """Return what light, flat goods go by: a tracked letter, or a parcel."""
    return (
        _option("letter", "Tracked letter", (home, union, far), (2, 4)),
        _option("parcel", "Insured parcel", (home + 250, union + 550, far + 750), (1, 3)),
    )


# slug, name, city, country, founder, hue, dispatch days, returns days, opened, sells, shipping
_FACTS: tuple[
    tuple[str, str, str, str, str, int, int, int, date, tuple[str, ...], tuple[ShippingOption, ...]], ...
] = (
    ("groove-and-gravy", "Groove & Gravy", "Berlin", "DE", "Jonas Albrecht", 4, 1, 30, date(2019, 3, 14),
     ("records",), _parcel(490, 990, 1490, free_from=9000)),
    ("lowlands-vinyl", "Lowlands Vinyl", "Rotterdam", "NL", "Femke de Graaf", 1, 1, 14, date(2020, 9, 2),
     ("records",), _parcel(550, 950, 1390, free_from=12000)),
    ("second-spin", "Second Spin", "Leeds", "GB", "Callum Ashworth", 7, 2, 14, date(2021, 5, 21),
     ("records", "prints"), _parcel(420, 1390, 1390)),
    ("disques-du-canal", "Disques du Canal", "Lyon", "FR", "Amandine Rousset", 2, 2, 14, date(2018, 11, 6),
     ("records",), _parcel(590, 1050, 1690, free_from=10000)),
    ("atelier-halbton", "Atelier Halbton", "Leipzig", "DE", "Greta Vogelsang", 3, 3, 14, date(2020, 2, 17),
     ("prints", "paper"), _letter(390, 790, 1190)),
    ("papier-papel", "Papier Papel", "Porto", "PT", "Inês Carvalhal", 6, 2, 30, date(2021, 10, 11),
     ("prints", "paper"), _letter(350, 850, 1250)),
    ("norrsken-tryck", "Norrsken Tryck", "Malmö", "SE", "Elin Backström", 5, 4, 14, date(2022, 1, 25),
     ("prints",), _letter(450, 890, 1090)),
    ("kiln-street", "Kiln Street", "Ghent", "BE", "Wout Maertens", 8, 3, 14, date(2019, 6, 30),
     ("ceramics",), _parcel(690, 1190, 1790, free_from=15000)),
    ("tonerde", "Tonerde", "Vienna", "AT", "Valerie Hofstätter", 2, 4, 30, date(2018, 4, 9),
     ("ceramics", "plants"), _parcel(620, 1150, 1690)),
    ("barro-claro", "Barro Claro", "Lisbon", "PT", "Tomás Vidigal", 4, 3, 14, date(2021, 3, 3),
     ("ceramics", "textiles"), _parcel(590, 1290, 1890)),
    ("havn-keramik", "Havn Keramik", "Aarhus", "DK", "Signe Thorup", 3, 5, 30, date(2020, 8, 19),
     ("ceramics", "lighting"), _parcel(790, 1290, 1590, free_from=20000)),
    ("warp-and-weft", "Warp & Weft", "Galway", "IE", "Aoife Brannigan", 1, 3, 30, date(2019, 10, 28),
     ("textiles",), _parcel(650, 1150, 1250, free_from=15000)),
    ("lana-lunga", "Lana Lunga", "Biella", "IT", "Caterina Molinengo", 6, 4, 14, date(2020, 12, 1),
     ("textiles",), _parcel(700, 1200, 1800)),
    ("linwarenhaus", "Linwarenhaus", "Vilnius", "LT", "Rasa Petrulytė", 5, 3, 30, date(2021, 7, 15),
     ("textiles", "wood"), _parcel(390, 990, 1490, free_from=8000)),
    ("glow-foundry", "Glow Foundry", "Eindhoven", "NL", "Bram Hoekstra", 7, 4, 30, date(2019, 1, 22),
     ("lighting",), _parcel(890, 1590, 2290, free_from=25000)),
    ("bienenwachs", "Bienenwachs", "Graz", "AT", "Lorenz Pichler", 8, 2, 14, date(2022, 3, 8),
     ("lighting", "paper"), _parcel(450, 990, 1390)),
    ("skog-and-son", "Skog & Son", "Bergen", "NO", "Halvard Skogheim", 3, 5, 30, date(2018, 9, 12),
     ("wood", "textiles"), _parcel(790, 1490, 1490)),
    ("splint", "Splint", "Ljubljana", "SI", "Maja Zupanc", 4, 3, 14, date(2021, 11, 20),
     ("wood",), _parcel(420, 890, 1390, free_from=9000)),
    ("moss-row", "Moss Row", "Utrecht", "NL", "Daan Verbeek", 2, 2, 14, date(2020, 4, 4),
     ("plants", "ceramics"), _parcel(690, 1290, None)),
    ("casa-verde", "Casa Verde", "Valencia", "ES", "Lucía Ferrandis", 1, 2, 14, date(2021, 6, 1),
     ("plants", "wood"), _parcel(590, 1190, None, free_from=7500)),
)  # fmt: skip

# slug: (one line under the name, the founder's own words)
_VOICES: dict[str, tuple[str, str]] = {
    "groove-and-gravy": (
        "Second-hand records, played before they are graded.",
        "I started with the four crates my uncle left in a cellar in Neukölln. I still listen to both sides of every "
        "record before I write a word about it. If I call it very good, you will hear music and not my optimism.",
    ),
    "lowlands-vinyl": (
        "Electronic and ambient pressings, new and nearly new.",
        "My shop is twelve square metres under a railway arch, so nothing stays that I would not take home myself. "
        "Every parcel leaves with two stiffeners and corner guards. Postmen are strong, cardboard should be too.",
    ),
    "second-spin": (
        "A Leeds market stall for guitars, folk and odd posters.",
        "Saturday mornings I am on the market by six. The rest of the week I clean, sleeve and photograph what came "
        "home in the van. I describe faults first because that is what I would want to read.",
    ),
    "disques-du-canal": (
        "French pressings, soundtracks and quiet jazz.",
        "We buy whole collections from people who loved them and find each record its next shelf. My father does the "
        "grading, I do the packing, and we disagree about everything between.",
    ),
    "atelier-halbton": (
        "Screen prints and risographs from a courtyard in Plagwitz.",
        "Every sheet goes through our hands at least five times, once for each colour and once for luck. "
        "Small shifts between the layers are the reason we print this way.",
    ),
    "papier-papel": (
        "Prints and notebooks made between the river and the ink cupboard.",
        "I was a bookbinder for a bank, which is a good way to learn patience. Now I print what I like, bind what is "
        "left over, and never throw away an offcut larger than a bus ticket.",
    ),
    "norrsken-tryck": (
        "Landscapes and letterforms from the flat south of Sweden.",
        "I draw outside and print inside, which in Sweden means a season for each. Editions are small, numbered in "
        "pencil, and when they are gone I draw something else.",
    ),
    "kiln-street": (
        "Stoneware for tables that get used.",
        "We are three potters and one very old gas kiln. It decides more about our glazes than we do, so we fire, look, "
        "keep the good accidents and grind the bad ones into the next clay.",
    ),
    "tonerde": (
        "Thrown in Vienna, glazed with wood ash and a little stubbornness.",
        "My grandmother's rule was that a cup must be pleasant when it is empty. I throw every piece myself, in series of "
        "twenty, and no series leaves until the last handle is right.",
    ),
    "barro-claro": (
        "Bright tableware and cotton from the coast.",
        "In our village everybody's plates were blue. I moved to the city and missed them. We still use the same clay "
        "pit, and my cousins still tell me that I throw too thin.",
    ),
    "havn-keramik": (
        "Harbour-grey stoneware and lamps with a ceramic foot.",
        "The workshop looks out on container ships, and I think you can see it: calm shapes, few colours, edges "
        "that would survive a wave. Seconds are sold as seconds, at the price of seconds.",
    ),
    "warp-and-weft": (
        "Woollen throws woven on two restored looms.",
        "The looms are older than I am and much louder. The yarn comes from mills within a day's drive, and when "
        "a colour runs out I weave the next one instead of waiting.",
    ),
    "lana-lunga": (
        "Scarves and throws from Biella's last small mills.",
        "Four generations of my family finished cloth for others. I keep what used to be the sample room, weave short "
        "runs in it, and wash everything in the same stream water as they did.",
    ),
    "linwarenhaus": (
        "Washed linen for kitchens and sofas.",
        "Linen needs ten washes before it is any good, so we do the first three for you. Nothing is ironed: "
        "that is a decision, not an oversight.",
    ),
    "glow-foundry": (
        "Spun-metal shades and turned lamp bases, wired by hand.",
        "I used to design street lights, which nobody ever looks at. These are for looking at. Each is switched on for "
        "a night before we pack it, and the flex is long enough for old houses.",
    ),
    "bienenwachs": (
        "Beeswax and rapeseed candles, and paper to wrap them in.",
        "Our bees fly over three parishes and one golf course. I pour on Mondays, when the workshop is cold and "
        "quiet, and the whole street smells of honey until Wednesday.",
    ),
    "skog-and-son": (
        "Boards, bowls and toys from trees that fell by themselves.",
        "Halvard turns, his son sands, and both think the other has the easier job. We know where each tree stood. "
        "Ask, and we will send you the spot on a map.",
    ),
    "splint": (
        "Kitchen wood and toys, oiled and not lacquered.",
        "I studied violin making and found out that I like spoons better. Everything is finished with linseed oil "
        "and can be sanded and oiled again when your children are done with it.",
    ),
    "moss-row": (
        "House plants grown slowly, and pots to put them in.",
        "We grow cool and without hurry, so plants arrive used to a normal living room. If one sulks after the journey, "
        "write to me with a photo. Usually it is the window.",
    ),
    "casa-verde": (
        "Cacti, succulents and everything that forgives a holiday.",
        "My terrace became a greenhouse and then a shop. I ship bare root in paper when the weather is kind, and in "
        "winter I wait. A plant that freezes on the way helps nobody.",
    ),
}


def stalls() -> tuple[Stall, ...]:
    """Return the demo's sellers."""
    return tuple(
        Stall(
            slug=slug,
            name=name,
            city=city,
            country=country,
            founder=founder,
            blurb=_VOICES[slug][0],
            story=_VOICES[slug][1],
            hue=hue,
            dispatch_days=dispatch,
            returns_days=returns,
            shipping=shipping,
            sells=sells,
            opened_on=opened,
        )
        for slug, name, city, country, founder, hue, dispatch, returns, opened, sells, shipping in _FACTS
    )
