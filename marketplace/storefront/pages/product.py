"""One product: the offer in the buy box, its variants, other stalls' offers, delivery to the buyer's country."""

from dataclasses import replace
from datetime import datetime
from typing import Literal

from markupsafe import Markup

from marketplace.carts.snapshot import ShippingChoice
from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Attribute
from marketplace.catalog.richtext import plain
from marketplace.core.addresses import country_name
from marketplace.core.hall import absolute
from marketplace.core.page_parts import Act, Choice, Crumb, Hidden, Link, Meta, Picture
from marketplace.inventory import queries as inventory
from marketplace.sellers import queries as sellers
from marketplace.storefront import formats, links
from marketplace.storefront.coin_prices import coin_price
from marketplace.storefront.pages import history
from marketplace.storefront.pages.cards import cards
from marketplace.storefront.pages.offering import Offering, Priced, Wish, offering
from marketplace.storefront.pages.product_data import structured_data
from marketplace.storefront.pages.results import HOME
from marketplace.storefront.pages.stall import dispatch_text, returns_text
from marketplace.storefront.pages.variants import variant_groups, variant_href
from marketplace.storefront.viewmodels import Fact, OfferRow, ProductPage, Spec, StallTag

MAX_QUANTITY = 10
_YES_NO = {True: "Yes", False: "No"}


def product_page(slug: str, wish: Wish, *, now: datetime, span: str = history.DEFAULT_RANGE) -> ProductPage:
    """The page in seven queries: product, offers, stock, shipping, history, sales, similar things. Raises NotFound, Gone."""
    product = catalog.product(slug)
    lines = catalog.offers(product.pk)
    offers = offering(
        product,
        lines,
        wish,
        free=inventory.shown_units(product_id=product.pk, offer_ids=[line.pk for line in lines]) if lines else {},
        shipping=sellers.shipping_of({line.seller_id for line in lines}) if lines else {},
    )
    shelves = catalog.shelves(holding=product.category_id)
    shelf = shelves.by_id[product.category_id]
    crumbs = _crumbs([*shelves.above(shelf), shelf])
    pictures, best = _pictures(product, offers), offers.best
    page = ProductPage(
        meta=_meta(product, offers, crumbs, pictures),
        title=product.title,
        price=formats.price(best.offer.price_minor) if best else "",
        stall=_stall(best) if best else None,
        crumbs=crumbs,
        subtitle=product.brand,
        pictures=pictures,
        hue=best.offer.hue if best else 1,
        stock_text=_stock_text(best) if best else "",
        stock_tone=_stock_tone(best),
        condition=_condition(best) if best else "",
        variants=variant_groups(product, offers),
        add=_add(product, best) if best and best.can_be_bought else None,
        quantities=_quantities(best) if best and best.can_be_bought else (),
        sold_out_text=_sold_out_text(best, offers),
        facts=_facts(product, offers, now=now),
        offers_heading=_offers_heading(offers),
        offers=tuple(_offer_row(product, priced) for priced in _others(offers)),
        description=Markup(product.description) if product.description else None,  # noqa: S704 - sanitised when written
        specs=_specs(product),
        similar_heading=f"More in {shelf.name}",
        similar=cards(catalog.similar(product_id=product.pk, category_id=product.category_id)),
    )
    return _with_history(page, product, offers, wish, now=now, span=span)


def _with_history(
    page: ProductPage, product: catalog.ProductRow, offers: Offering, wish: Wish, *, now: datetime, span: str
) -> ProductPage:
    """The chart of the chosen variant, and what may be said beside the price."""
    best = offers.best
    told = history.read(
        product_id=product.pk,
        variant_id=offers.variant_id,
        offer_id=best.offer.pk if best else None,
        wanted=span,
        now=now,
    )
    badge, lowest = history.claims(told, best.offer.price_minor) if best and best.free > 0 else (None, "")
    return replace(
        page,
        badge=badge,
        tax_text="VAT included" + ("." if lowest else "") if best else "",
        lowest_text=lowest,
        history=history.panel(told, wanted=span, href=_here(product, offers, wish)),
    )


def _here(product: catalog.ProductRow, offers: Offering, wish: Wish) -> str:
    """The page's own address with what was chosen on it."""
    if wish.variant_id is None and not wish.condition:
        return links.product(product.slug)
    return variant_href(product.slug, offers.variant_id, condition=wish.condition)


def _crumbs(shelves: list[catalog.Shelf]) -> tuple[Crumb, ...]:
    return (HOME, *(Crumb(shelf.name, links.category(shelf.slug)) for shelf in shelves))


def _meta(
    product: catalog.ProductRow, offers: Offering, crumbs: tuple[Crumb, ...], pictures: tuple[Picture, ...]
) -> Meta:
    image = pictures[0].src if pictures else ""
    canonical = absolute(links.product(product.slug))
    return Meta(
        title=product.title,
        description=plain(product.description, limit=160) or product.title,
        canonical=canonical,
        image=_absolute(image) if image else "",
        kind="product",
        structured_data=structured_data(
            product, offers, canonical=canonical, images=[_absolute(picture.src) for picture in pictures], crumbs=crumbs
        ),
    )


def _absolute(address: str) -> str:
    return absolute(address) if address.startswith("/") else address


def _pictures(product: catalog.ProductRow, offers: Offering) -> tuple[Picture, ...]:
    """Those of the chosen variant first."""
    ordered = sorted(product.images, key=lambda image: image.variant_id != offers.variant_id)
    found = []
    for place, image in enumerate(ordered, 1):
        alt = image.alt or (product.title if place == 1 else f"{product.title}, picture {place}")
        picture = formats.picture(image.key, image.width, image.height, alt=alt, large=True)
        if picture is not None:
            found.append(picture)
    return tuple(found)


def _stall(priced: Priced) -> StallTag:
    offer = priced.offer
    return StallTag(offer.seller_name, links.stall(offer.seller_slug), offer.hue, place=offer.place)


def _stock_text(best: Priced) -> str:
    if best.free <= 0:
        return "Sold out"
    if best.free <= inventory.NUMBERED:
        return "Only 1 left" if best.free == 1 else f"Only {best.free} left"
    return "In stock"


def _stock_tone(best: Priced | None) -> Literal["good", "warn", "danger"]:
    if best is None or best.free <= 0:
        return "danger"
    return "warn" if best.free <= inventory.NUMBERED else "good"


def _condition(best: Priced) -> str:
    return formats.listed((formats.CONDITIONS[best.offer.condition], best.offer.note))


def _add(product: catalog.ProductRow, priced: Priced, text: str = "Add to cart") -> Act:
    label = "" if text == "Add to cart" else f"Add {product.title} from {priced.offer.seller_name} to the cart"
    return Act(text, links.CART_ADD, (Hidden("offer", str(priced.offer.pk)),), tone="primary", label=label)


def _quantities(best: Priced) -> tuple[Choice, ...]:
    return tuple(Choice(str(n), str(n), current=n == 1) for n in range(1, min(best.free, MAX_QUANTITY) + 1))


def _sold_out_text(best: Priced | None, offers: Offering) -> str:
    if best is None:
        return (
            "No stall sells this at the moment." if not offers.offers else "No stall sells this version at the moment."
        )
    if best.free <= 0:
        return "Sold out at every stall." if len(offers.of_variant(offers.variant_id)) > 1 else "Sold out."
    if best.shipping is None:
        return f"{best.offer.seller_name} does not send to {country_name(offers.country)}."
    return ""


def _facts(product: catalog.ProductRow, offers: Offering, *, now: datetime) -> tuple[Fact, ...]:
    best = offers.best
    if best is None:
        return ()
    back = variant_href(product.slug, offers.variant_id) if len(product.variants) > 1 else links.product(product.slug)
    change = Link("Change country", links.deliver_to(back))
    country = country_name(offers.country)
    return (
        _delivery(best, country, change, now=now),
        Fact("rotate-ccw", *returns_text(best.offer.returns_days)),
        Fact(
            "shield-check",
            "One payment to the market,",
            "for every stall in the cart.",
            Link("Buyer protection", links.PROTECTION),
        ),
        *_coin_price(best, now=now),
    )


def _coin_price(best: Priced, *, now: datetime) -> tuple[Fact, ...]:
    found = coin_price(best.offer.price_minor, now=now)
    return (Fact("bitcoin", found.amount, f"{found.when} To compare: you pay by card."),) if found else ()


def _delivery(best: Priced, country: str, change: Link, *, now: datetime) -> Fact:
    if best.shipping is None:
        return Fact("truck", f"Not sent to {country}.", "", change)
    offer, shipping = best.offer, best.shipping
    cost = shipping.cost(offer.price_minor)
    arrival = ShippingChoice(
        shipping.pk,
        shipping.name,
        cost,
        offer.dispatch_days_min,
        offer.dispatch_days_max,
        shipping.days_min,
        shipping.days_max,
    ).arrival(now)
    price = f"{formats.price(cost)} to {country}," if cost else f"Free delivery to {country},"
    text = f"arrives {formats.days(arrival.earliest, arrival.latest)}. Sent {dispatch_text(offer.dispatch_days_max)}."
    return Fact("truck", price, text, change)


def _others(offers: Offering) -> list[Priced]:
    return [priced for priced in offers.of_variant(offers.variant_id) if priced is not offers.best]


def _offers_heading(offers: Offering) -> str:
    stalls = {priced.offer.seller_id for priced in _others(offers)}
    if offers.best is not None and stalls == {offers.best.offer.seller_id}:
        return "Also at this stall"
    return f"Also for sale at {formats.plural(len(stalls), 'other stall', 'other stalls')}"


def _offer_row(product: catalog.ProductRow, priced: Priced) -> OfferRow:
    return OfferRow(
        stall=_stall(priced),
        condition=_condition(priced),
        price=formats.price(priced.offer.price_minor),
        total=formats.price(priced.total_minor) if priced.shipping else "",
        add=_add(product, priced, "Add") if priced.can_be_bought else None,
    )


def _specs(product: catalog.ProductRow) -> tuple[Spec, ...]:
    """Attributes in the order of their type, then what an import brought along."""
    found = []
    for attribute in catalog.type_attributes().get(product.product_type_id, ()):
        value = product.attributes.get(attribute.slug)
        if value is None or value == "":
            continue
        if attribute.kind == Attribute.Kind.BOOLEAN:
            text = _YES_NO[bool(value)]
        else:
            text = f"{value} {attribute.unit}".strip() if attribute.kind == Attribute.Kind.NUMBER else str(value)
        found.append(Spec(attribute.label, text))
    return (*found, *(Spec(label, str(text)) for label, text in product.extras.items() if text))
