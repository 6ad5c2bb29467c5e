"""The demo's buyers: invented people at addresses no post or mail ever reaches."""

from datetime import date, timedelta

from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import slugify
from marketplace.imports.demo.catalogue.shapes import Buyer

# country: (weight, first names, last names, streets, (city, postcode stem), …)
_COUNTRIES: dict[str, tuple[int, str, str, str, tuple[tuple[str, str], ...]]] = {
    "DE": (34, "Anna Lukas Miriam Felix Jule Moritz Katharina Emil Paula Hannes Leonie Till",
           "Brandner Kessling Voigtländer Rademacher Ostermann Lindhorst Pfeffer Sauerwald Tiedemann Wachsmuth",
           "Lindenallee|Am Alten Hafen|Gerberstraße|Kirschweg|Bahnhofstraße|Mühlengasse",
           (("Berlin", "104{}"), ("Hamburg", "203{}"), ("Leipzig", "042{}"), ("Köln", "506{}"), ("Freiburg", "791{}"))),
    "NL": (18, "Sanne Thijs Lotte Ruben Fleur Jesse Maud Koen Iris Bas",
           "Verhoeven Zandstra Hoogland Kuiper Terpstra Wildeboer Nijland Oosterhuis",
           "Grachtkade|Molenweg|Tulpstraat|Havenstraat|Kastanjelaan",
           (("Amsterdam", "10{} BK"), ("Utrecht", "35{} CD"), ("Groningen", "97{} LM"))),
    "FR": (20, "Chloé Antoine Manon Hugo Élise Théo Margaux Baptiste Jeanne Rémi",
           "Delacourt Morvanec Bressand Lagarrigue Thibaudeau Chastaing Vernoux Gaillardon",
           "rue des Tilleuls|rue du Four|avenue des Lilas|quai de la Fosse|impasse du Puits",
           (("Lyon", "690{}"), ("Nantes", "440{}"), ("Paris", "750{}"), ("Lille", "590{}"))),
    "AT": (16, "Theresa Florian Magdalena Jakob Sophie Matthias Elisa Valentin",
           "Aigner-Holz Steinlechner Moosbrugger Rainthaler Haslinger Obermayr Kofler",
           "Rosengasse|Lerchenfelder Zeile|Donaublick|Am Weinberg|Schulgasse",
           (("Wien", "1{}0"), ("Graz", "80{}"), ("Linz", "40{}"))),
    "BE": (10, "Lore Pieter Camille Arthur Nele Jasper Louise Wannes",
           "Vandersmissen Dewulf Claesen Lambrechts Goossenaerts Stroobants",
           "Kerkstraat|Veldstraat|rue de la Source|Vlasmarkt",
           (("Gent", "90{}"), ("Antwerpen", "20{}"), ("Liège", "40{}"))),
    "DK": (8, "Freja Mikkel Astrid Rasmus Clara Oskar", "Lundsgaard Østerby Krogholm Vestermark Bjerregaard",
           "Skovvej|Havnegade|Æblehaven|Nørretorv", (("København", "22{}"), ("Aarhus", "80{}"))),
    "SE": (8, "Alva Gustav Maja Nils Signe Anton", "Lindqvister Sandmark Ekholm Bergvall Norrby",
           "Storgatan|Björkvägen|Hamngatan|Ängsstigen", (("Göteborg", "411 {}"), ("Malmö", "211 {}"))),
    "ES": (10, "Carmen Álvaro Lucía Marcos Irene Pablo Nuria Diego",
           "Valdecasas Montalbán Ferrera Iturralde Campoamor Rocafort",
           "calle del Pez|calle Olivo|plaza del Reloj|carrer de Mar",
           (("Valencia", "460{}"), ("Madrid", "280{}"), ("Bilbao", "480{}"))),
    "IT": (12, "Giulia Matteo Chiara Lorenzo Elena Davide Bianca Pietro",
           "Bellandi Marchisio Tognetti Fioravanzo Castelnovo Santarelli",
           "via dei Mille|via San Rocco|corso Italia|vicolo Stretto",
           (("Torino", "101{}"), ("Bologna", "401{}"), ("Milano", "201{}"))),
    "PT": (6, "Beatriz Duarte Leonor Tiago Matilde Rui", "Falcoeiro Mesquitela Noronha Vasques Ribeirinho",
           "rua das Flores|travessa do Cais|rua Direita", (("Porto", "40{}-012"), ("Lisboa", "11{}-045"))),
    "IE": (6, "Niamh Cormac Saoirse Eoin Orla Declan", "Hanratty Quilligan Devereux Mulhern Tansey",
           "Harbour Road|Mill Lane|Quay Street|Hawthorn Terrace", (("Galway", "H91 X{}"), ("Dublin", "D07 K{}"))),
    "GB": (8, "Poppy Alfie Harriet Owen Isla Rhys", "Thistlewood Pemberley-Cole Ackroyd Winstanley Dunmore",
           "Station Road|Cobbler's Row|Larch Avenue|Priory Street", (("Leeds", "LS{} 4QT"), ("Bristol", "BS{} 7AD"))),
    "CH": (6, "Nora Livia Reto Andrin Fabienne Urs", "Zurbriggen-Moll Aeschbach Wyttenbach Caflisch",
           "Seestrasse|Rebgasse|Bergliweg", (("Zürich", "80{}"), ("Basel", "40{}"))),
    "NO": (5, "Ingrid Sondre Tiril Henrik Vilde", "Haugland Steinsvik Fossum Rødseth",
           "Fjellveien|Strandgata|Bjørkelia", (("Oslo", "05{}"), ("Bergen", "50{}"))),
}  # fmt: skip
_HOSTS = ("example.org", "example.com", "example.net")


def _postcode(stem: str, dice: Dice) -> str:
    return stem.replace("{}", f"{dice.whole(11, 98)}")


def buyers(today: date, seed: int) -> tuple[Buyer, ...]:
    """Return about 160 people with different names, mostly from the countries with the most weight."""
    dice = Dice("people", seed)
    people: list[Buyer] = []
    names: set[str] = set()
    for country, (weight, first, last, streets, cities) in _COUNTRIES.items():
        wanted = len(people) + weight
        while len(people) < wanted:
            name = f"{dice.pick(first.split())} {dice.pick(last.split())}"
            if name in names:
                continue
            names.add(name)
            city, stem = dice.pick(cities)
            street = dice.pick(streets.split("|"))
            number = dice.whole(1, 118)
            before = country in {"FR", "GB", "IE", "BE"}
            people.append(
                Buyer(
                    name=name,
                    email=f"{slugify(name).replace('-', '.')}@{dice.pick(_HOSTS)}",
                    street=f"{number} {street}" if before else f"{street} {number}",
                    postcode=_postcode(stem, dice),
                    city=city,
                    country=country,
                    joined_on=today - timedelta(days=dice.whole(380, 1400)),
                )
            )
    return tuple(people)
