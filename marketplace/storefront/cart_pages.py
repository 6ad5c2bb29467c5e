"""The cart as its template shows it. Nothing is read here: everything comes from one snapshot."""

from datetime import datetime

from marketplace.carts.limits import MOST_UNITS
from marketplace.carts.snapshot import CartSnapshot, Problem, SnapshotLine, SnapshotParcel
from marketplace.core import money
from marketplace.core.addresses import country_name
from marketplace.core.page_parts import Act, Choice, EmptyState, Hidden, Link, Meta, Note, SumRow
from marketplace.storefront import links
from marketplace.storefront.coin_prices import coin_price
from marketplace.storefront.formats import CONDITIONS, days, listed, picture, plural, price
from marketplace.storefront.viewmodels import (
    Card,
    CartAdded,
    CartLineView,
    CartPage,
    CartParcel,
    LineChange,
    StallTag,
)

CHECKOUT = "/checkout/"
# Every small number, then steps: nobody scrolls through ninety-nine.
_STEPS = (*range(1, 11), 15, 20, 25, 30, 40, 50, 75, MOST_UNITS)
_META = Meta(title="Cart", robots="noindex")


def line_action(offer_id: int, act: str = "") -> str:
    """Where a line's forms go: its quantity, or ``remove``, ``restore``, ``accept``."""
    return f"{links.CART}lines/{offer_id}/{act}/" if act else f"{links.CART}lines/{offer_id}/"


def empty_page(*, popular: tuple[Card, ...], undo: Act | None = None, undo_text: str = "") -> CartPage:
    """What stands where the cart would be, with some popular things."""
    empty = EmptyState(
        heading="Your cart is empty",
        text="Things from different stalls go into one cart, and you pay once.",
        links=(Link("Look around the market", links.HOME),),
        icon="shopping-bag",
    )
    return CartPage(
        meta=_META,
        heading="Cart",
        parcels=(),
        empty=empty,
        undo=undo,
        undo_text=undo_text,
        suggestions_heading="Popular in the market" if popular else "",
        suggestions=popular,
    )


def undo_of(removed: tuple[int, str] | None) -> tuple[Act | None, str]:
    """The button that puts a removed line back, and the sentence beside it."""
    if removed is None:
        return None, ""
    offer_id, title = removed
    return Act("Undo", line_action(offer_id, "restore"), label=f"Put {title} back"), f"{title} was removed."


def cart_page(snapshot: CartSnapshot, *, removed: tuple[int, str] | None, now: datetime) -> CartPage:
    """A cart with lines; ``removed`` is the offer and title of one that was just taken out and can be put back."""
    undo, undo_text = undo_of(removed)
    blocked = _blocked(snapshot)
    return CartPage(
        meta=_META,
        heading=f"Cart, {plural(snapshot.units, 'thing', 'things')}",
        parcels=tuple(_parcel(parcel, snapshot, now=now) for parcel in snapshot.parcels),
        summary=_summary(snapshot),
        summary_note=_summary_note(snapshot),
        coin_text=_coin_text(snapshot, now=now),
        checkout_href="" if blocked else CHECKOUT,
        blocked_text=blocked,
        notes=_notes(snapshot),
        undo=undo,
        undo_text=undo_text,
    )


def added(*, title: str, quantity: int, total: int) -> CartAdded:
    """What is announced after adding; ``quantity`` is the line's, ``total`` the cart's."""
    text = f"{title} is in your cart." if quantity == 1 else f"{title} is in your cart, {quantity} pieces."
    return CartAdded(text=text, cart_count=count_text(total), cart_href=links.CART)


def refused(message: str) -> CartAdded:
    """What is announced when nothing could be added."""
    return CartAdded(text="", cart_count="", cart_href=links.CART, error=message)


def count_text(units: int) -> str:
    """The number on the header's cart, "" when it is empty."""
    return f"{units:,}" if units else ""


def _parcel(parcel: SnapshotParcel, snapshot: CartSnapshot, *, now: datetime) -> CartParcel:
    arrival = parcel.shipping.arrival(now) if parcel.shipping else None
    return CartParcel(
        stall=StallTag(name=parcel.seller_name, href=links.stall(parcel.seller_slug), hue=parcel.seller_hue),
        lines=tuple(_line(line, snapshot.currency) for line in parcel.lines),
        subtotal=money.text(parcel.total_minor, snapshot.currency),
        shipping=_shipping(parcel, snapshot),
        arrives=days(arrival.earliest, arrival.latest) if arrival else "",
    )


def _shipping(parcel: SnapshotParcel, snapshot: CartSnapshot) -> str:
    to = f"to {country_name(snapshot.country)}" if snapshot.country else f"within {country_name(parcel.seller_country)}"
    if parcel.shipping is None:
        return f"Not possible {to}"
    cost = money.text(parcel.shipping.price_minor, snapshot.currency) if parcel.shipping.price_minor else "Free"
    return f"{cost} {to}"


def _line(line: SnapshotLine, currency: str) -> CartLineView:
    image = line.image
    return CartLineView(
        title=line.title,
        href=links.product(line.product_slug),
        unit_price=price(line.price_minor),
        total=money.text(line.total_minor, currency) if line.buyable else "",
        update_action=line_action(line.offer_id),
        quantities=_quantities(line) if line.buyable else (),
        remove=Act("Remove", line_action(line.offer_id, "remove"), label=f"Remove {line.title}"),
        picture=picture(image.key, image.width, image.height) if image else None,
        note=listed((line.variant_title, CONDITIONS.get(line.condition, line.condition))),
        change=_change(line),
        unavailable=not line.buyable,
    )


def _quantities(line: SnapshotLine) -> tuple[Choice, ...]:
    most = min(MOST_UNITS, line.free)
    offered = sorted({*(step for step in _STEPS if step <= most), most, line.quantity})
    return tuple(Choice(str(units), str(units), current=units == line.quantity) for units in offered)


def _change(line: SnapshotLine) -> LineChange | None:
    match line.problem:
        case None:
            return None
        case Problem.OWN:
            return LineChange("You work at this stall, so you cannot buy from it. Remove it to go on.", tone="danger")
        case Problem.UNAVAILABLE:
            return LineChange("This is not for sale any more. Remove it to go on.", tone="danger")
        case Problem.SOLD_OUT:
            return LineChange("This has sold out. Remove it to go on.", tone="danger")
        case Problem.SHORT:
            repriced = f" {_repriced(line)}" if line.price_minor != line.seen_price_minor else ""
            return LineChange(f"Only {line.free} left.{repriced}", accept=_accept(line, f"Take {line.free}"))
        case Problem.PRICE_CHANGED:
            cheaper = line.price_minor < line.seen_price_minor
            return LineChange(_repriced(line), accept=_accept(line, "Accept"), tone="info" if cheaper else "warn")


def _repriced(line: SnapshotLine) -> str:
    return f"Now {price(line.price_minor)}, was {price(line.seen_price_minor)} when you added it."


def _accept(line: SnapshotLine, text: str) -> Act:
    """Accepts what is shown here and nothing newer: the form carries it."""
    shown = (
        Hidden("price_minor", str(line.price_minor)),
        Hidden("quantity", str(min(line.quantity, line.free))),
    )
    return Act(text, line_action(line.offer_id, "accept"), shown, label=f"{text}: {line.title}")


def _summary(snapshot: CartSnapshot) -> tuple[SumRow, ...]:
    parcels = sum(1 for parcel in snapshot.parcels if parcel.items_minor)
    shipping = money.text(snapshot.shipping_minor, snapshot.currency) if snapshot.shipping_minor else "Free"
    units = sum(line.quantity for line in snapshot.lines if line.buyable)
    rows = [SumRow(f"Things ({units})", money.text(snapshot.items_minor, snapshot.currency))]
    if all(parcel.shipping for parcel in snapshot.parcels):
        rows.append(SumRow(f"Shipping, {plural(parcels, 'parcel', 'parcels')}", shipping))
    rows.append(SumRow("Total, VAT included", money.text(snapshot.total_minor, snapshot.currency), total=True))
    return tuple(rows)


def _summary_note(snapshot: CartSnapshot) -> str:
    if snapshot.address or not snapshot.country:
        return ""
    return f"Shipping is reckoned to {country_name(snapshot.country)} until you enter your address."


def _coin_text(snapshot: CartSnapshot, *, now: datetime) -> str:
    found = coin_price(snapshot.total_minor, now=now)
    return f"{found.amount} {found.when}" if found else ""


def _blocked(snapshot: CartSnapshot) -> str:
    if not snapshot.problems:
        return ""
    if any(line.problem and line.buyable for line in snapshot.lines):
        return "Something has changed: accept it or remove it first."
    return "Remove what can no longer be bought first."


def _notes(snapshot: CartSnapshot) -> tuple[Note, ...]:
    if not snapshot.country:
        choose = Link("Choose your country", links.deliver_to(links.CART))
        return (Note("Shipping is shown within each stall's own country.", link=choose),)
    to = country_name(snapshot.country)
    return tuple(
        Note(f"{parcel.seller_name} does not ship to {to}.", tone="warn", link=Link("Send it elsewhere", CHECKOUT))
        for parcel in snapshot.parcels
        if not parcel.options
    )
