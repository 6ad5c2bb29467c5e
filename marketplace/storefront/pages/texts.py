"""Pages of plain text. They say what the software does, and nothing that it does not."""

from marketplace.core.hall import absolute
from marketplace.core.page_parts import Link, Meta
from marketplace.storefront import links
from marketplace.storefront.pages.results import HOME
from marketplace.storefront.viewmodels import TextPage, TextSection

_PROTECTION = (
    TextSection(
        "You pay for what there is",
        (
            "When you order, every piece is set aside for you before your card is asked. If something has just sold "
            "out, nothing is charged and you are told which thing it was.",
            "Things you have ordered are held for 15 minutes while you pay. If you do not pay, the order is "
            "cancelled and the things go back to their stalls.",
        ),
    ),
    TextSection(
        "You pay the price you accepted",
        (
            "If a price or the number in stock changes while a thing is in your cart, the line says so, and you "
            "accept the change or remove the line before you can order.",
            "The total with shipping and tax is shown before you sign in or type an address.",
        ),
    ),
    TextSection(
        "Your card stays with the payment provider",
        (
            "Card numbers are typed into fields of the payment provider and never reach the market or a stall.",
            "Pressing a button twice, or losing the connection while paying, does not charge you twice: each order "
            "has one payment.",
        ),
    ),
    TextSection(
        "You know who you buy from",
        (
            "Every stall is approved before it can sell. A stall that is suspended disappears from the market with "
            "everything it sells.",
            "Each stall states where it sends from, how long it takes, what shipping costs and for how many days it "
            "takes things back. These stand beside the price on every product.",
        ),
        Link("See all stalls", links.STALLS),
    ),
)
_HELP = (
    TextSection(
        "Can I order without an account?",
        (
            "Yes. Give an e-mail address at the checkout; the confirmation holds a link to your order. With an "
            "account you also have a list of your orders and your addresses are kept.",
        ),
    ),
    TextSection(
        "Why does one order come in several parcels?",
        (
            "Each stall packs and sends its own things. The cart and the order list them stall by stall, each with "
            "its own shipping cost and date.",
        ),
    ),
    TextSection(
        "When does my parcel arrive?",
        (
            "The product page shows the days for your country: the time the stall needs to send it and the time on "
            "the road, counted in working days. Choose the country beside the delivery cost.",
        ),
    ),
    TextSection(
        "How do I find something whose name I cannot spell?",
        (
            "Type it as it sounds. Words that are nowhere in the market are replaced by the closest one that is, and "
            "the page says so. An article number (SKU) or a barcode number opens the product itself.",
        ),
        Link("Search the market", links.SEARCH),
    ),
    TextSection(
        "How do I return something?",
        (
            "The number of days a stall takes things back stands on the product page. Write to the stall at the "
            "address in the e-mail that confirms your order.",
        ),
    ),
)
_SELLING = (
    TextSection(
        "Open a stall",
        (
            "Give the stall a name and say where you send from. An operator of the market looks at every "
            "application; until it is approved your things are not shown.",
        ),
        Link("Apply for a stall", "/sell/"),
    ),
    TextSection(
        "Bring your things",
        (
            "Product exports of Shopify and WooCommerce can be imported as they are. A second import updates what "
            "changed, found by SKU, and leaves the rest alone.",
            "A product has variants, such as sizes, and each variant has your price and your stock. Other stalls may "
            "offer the same variant; buyers see every offer with its shipping cost.",
        ),
    ),
    TextSection(
        "Sell",
        (
            "An order appears in your list the moment it is paid. You never sell what you do not have: the last "
            "piece goes to one buyer only.",
            "The buyer pays the market; what is yours is kept in the market's books order by order.",
        ),
    ),
)


def _page(path: str, title: str, lead: str, *sections: TextSection) -> TextPage:
    meta = Meta(title=title, description=lead, canonical=absolute(path))
    return TextPage(meta=meta, heading=title, lead=lead, sections=sections, crumbs=(HOME,))


def buyer_protection() -> TextPage:
    """How buyers are protected."""
    return _page(
        links.PROTECTION,
        "Buyer protection",
        "You deal with many stalls and pay once, at the market. This is what that does for you.",
        *_PROTECTION,
    )


def help_page() -> TextPage:
    """Answers to what buyers ask."""
    return _page(links.HELP, "Help", "Short answers to what is asked most.", *_HELP)


def selling() -> TextPage:
    """What selling here means."""
    return _page(
        links.SELLING, "Sell in the market", "A stall of your own, in a hall that many people walk through.", *_SELLING
    )
