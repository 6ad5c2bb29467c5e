"""Puts the demo hall together: families to products, products to offers."""

from collections.abc import Callable
from datetime import date, timedelta

from marketplace.imports.demo.catalogue.ceramics import ceramics
from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft, slugify
from marketplace.imports.demo.catalogue.lighting import lighting
from marketplace.imports.demo.catalogue.offers import offers_for
from marketplace.imports.demo.catalogue.paper import paper
from marketplace.imports.demo.catalogue.people import buyers
from marketplace.imports.demo.catalogue.plants import plants
from marketplace.imports.demo.catalogue.prints import prints
from marketplace.imports.demo.catalogue.records import records
from marketplace.imports.demo.catalogue.shapes import Catalogue, Offer, Product, Variant
from marketplace.imports.demo.catalogue.stalls import stalls
from marketplace.imports.demo.catalogue.textiles import textiles
from marketplace.imports.demo.catalogue.tree import categories, types
from marketplace.imports.demo.catalogue.wood import wood

_FAMILIES: tuple[Callable[[int], list[Draft]], ...] = (
    records,
    prints,
    ceramics,
    textiles,
    lighting,
    paper,
    wood,
    plants,
)


def _product(draft: Draft, number: int, today: date, dice: Dice) -> Product:
    """Return the product of a draft; a third of the hall is older than the year of orders, the rest came during it."""
    age = dice.whole(366, 640) if dice.chance(0.35) else dice.whole(6, 360)
    code = f"{draft.type[:2].upper()}{number:04d}"
    variants = tuple(
        Variant(
            sku=code if len(draft.forms) == 1 else f"{code}-{chr(ord('A') + place)}",
            options=form.options,
            art=form.art,
        )
        for place, form in enumerate(draft.forms)
    )
    return Product(
        slug=slugify(draft.title),
        title=draft.title,
        category=draft.category,
        type=draft.type,
        description_html=draft.description_html,
        attributes=draft.attributes,
        variants=variants,
        art=draft.art,
        created_on=today - timedelta(days=age),
        popularity=round(draft.popular, 3),
    )


def catalogue(*, today: date, seed: int = 7) -> Catalogue:
    """Return the demo hall as it stands on a day; the same arguments give an equal hall."""
    dice = Dice("hall", seed)
    shelves = categories()
    tops = {shelf.slug: shelf.parent or shelf.slug for shelf in shelves}
    sellers = stalls()
    products: list[Product] = []
    offered: list[Offer] = []
    for family in _FAMILIES:
        for draft in family(seed):
            product = _product(draft, len(products) + 1, today, dice)
            products.append(product)
            offered.extend(offers_for(draft, product, tops[product.category], sellers, today, dice))
    return Catalogue(
        stalls=sellers,
        categories=shelves,
        types=types(),
        products=tuple(products),
        offers=tuple(offered),
        buyers=buyers(today, seed),
    )
