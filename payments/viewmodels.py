"""What the checkout and the buyer's order pages show: the contract with `templates/payments/`.

Frozen and all text, as in `marketplace.core.page_parts`. Each template is rendered with `{"page": …}`; `shell` comes
from the context processor.

| template | page |
|---|---|
| payments/address.html | AddressPage |
| payments/shipping.html | ShippingPage |
| payments/payment.html | PaymentPage |
| payments/pay_return.html | PayReturnPage |
| payments/order.html | OrderPage |
| payments/orders.html | OrdersPage |

The payment step: the orders are placed and the intent exists before it is shown, so it carries the client secret.
`static/pay.js` loads `script_src` (Stripe.js, or its stand-in), mounts the Payment Element with our fonts and colours,
confirms once per click, shows a declined card beside the form with all input kept, and follows to `return_href` when
done.
"""

from dataclasses import dataclass

from marketplace.core.page_parts import (
    Act,
    Badge,
    Crumb,
    EmptyState,
    Field,
    FormError,
    Hidden,
    Link,
    Meta,
    Note,
    PageLink,
    Picture,
    SumRow,
    TimelineStep,
    Tone,
)


@dataclass(frozen=True, slots=True)
class StepLink:
    """A step of the checkout. `href` "" while it cannot be opened yet."""

    text: str
    href: str = ""
    current: bool = False


@dataclass(frozen=True, slots=True)
class SummaryLine:
    title: str
    price: str
    note: str = ""
    """Quantity, variant and condition: "2 pieces, large"."""
    picture: Picture | None = None


@dataclass(frozen=True, slots=True)
class SummaryParcel:
    stall_name: str
    hue: int
    lines: tuple[SummaryLine, ...]
    shipping: str = ""
    """"arrives Tue 25 to Thu 27 Nov"."""


@dataclass(frozen=True, slots=True)
class Summary:
    """The column beside every checkout step."""

    parcels: tuple[SummaryParcel, ...]
    rows: tuple[SumRow, ...]


@dataclass(frozen=True, slots=True)
class AddressPage:
    """Guests first: `sign_in_href` is "" for people who are signed in. `errors` repeat every field's, in order."""

    meta: Meta
    steps: tuple[StepLink, ...]
    action: str
    contact: tuple[Field, ...]
    address: tuple[Field, ...]
    summary: Summary
    errors: tuple[FormError, ...] = ()
    sign_in_href: str = ""
    back_href: str = ""
    notes: tuple[Note, ...] = ()
    hidden: tuple[Hidden, ...] = ()


@dataclass(frozen=True, slots=True)
class ShippingChoice:
    """A way of sending, by arrival: title "Tue 25 to Thu 27 Nov", note "Post, tracked", price "€4.90"."""

    value: str
    title: str
    price: str
    note: str = ""
    checked: bool = False


@dataclass(frozen=True, slots=True)
class ShippingParcel:
    """`name` is the radio group's field name."""

    name: str
    stall_name: str
    hue: int
    lines: tuple[SummaryLine, ...]
    choices: tuple[ShippingChoice, ...]
    error: str = ""


@dataclass(frozen=True, slots=True)
class ShippingPage:
    meta: Meta
    steps: tuple[StepLink, ...]
    action: str
    parcels: tuple[ShippingParcel, ...]
    address: tuple[str, ...]
    change_address_href: str
    summary: Summary
    errors: tuple[FormError, ...] = ()
    back_href: str = ""
    notes: tuple[Note, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    """The idempotency key, where this step places the order."""
    submit_text: str = "Continue to payment"


@dataclass(frozen=True, slots=True)
class CardForm:
    """What `static/pay.js` needs. `amount_text` "€1,024.90"; `return_href` is absolute (Stripe demands it)."""

    publishable_key: str
    client_secret: str
    script_src: str
    return_href: str
    amount_text: str


@dataclass(frozen=True, slots=True)
class PaymentPage:
    """`card` is None while the provider cannot be reached; `retry` then asks again. `held_until` "10:42"."""

    meta: Meta
    steps: tuple[StepLink, ...]
    summary: Summary
    card: CardForm | None
    retry: Link | None = None
    address: tuple[str, ...] = ()
    email: str = ""
    held_until: str = ""
    back_href: str = ""
    notes: tuple[Note, ...] = ()
    cancel: Act | None = None
    hosted: Act | None = None
    """The provider's own page: the way for browsers without JavaScript."""
    card_here: Act | None = None
    """Back from the provider's page to the card form."""


@dataclass(frozen=True, slots=True)
class PayReturnPage:
    """Where the provider sends people back to.

    While the answer is open, `poll_href` is asked every few seconds: it answers this page again, or redirects once the
    payment is settled.
    """

    meta: Meta
    heading: str
    text: str
    tone: Tone = "info"
    poll_href: str = ""
    links: tuple[Link, ...] = ()
    steps: tuple[TimelineStep, ...] = ()


@dataclass(frozen=True, slots=True)
class OrderParcel:
    """One seller's order within the purchase."""

    number: str
    stall_name: str
    stall_href: str
    hue: int
    state: Badge
    lines: tuple[SummaryLine, ...]
    subtotal: str
    timeline: tuple[TimelineStep, ...] = ()
    shipping: str = ""
    tracking: Link | None = None
    note: Note | None = None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """A purchase with its parcels. `thanks` is the sentence after paying, "" later; `poll_href` while not settled."""

    meta: Meta
    heading: str
    number: str
    placed: str
    parcels: tuple[OrderParcel, ...]
    sums: tuple[SumRow, ...]
    thanks: str = ""
    crumbs: tuple[Crumb, ...] = ()
    address: tuple[str, ...] = ()
    email: str = ""
    payment_text: str = ""
    notes: tuple[Note, ...] = ()
    create_account: Link | None = None
    """Offered to guests, after the order."""
    pay: Link | None = None
    poll_href: str = ""


@dataclass(frozen=True, slots=True)
class OrderRow:
    """`stalls` "Kamera Kreuzberg and Sedia"; `pictures` up to four."""

    number: str
    href: str
    placed: str
    total: str
    state: Badge
    stalls: str = ""
    items: str = ""
    pictures: tuple[Picture | None, ...] = ()


@dataclass(frozen=True, slots=True)
class OrdersPage:
    meta: Meta
    rows: tuple[OrderRow, ...]
    heading: str = "Your orders"
    pages: tuple[PageLink, ...] = ()
    notes: tuple[Note, ...] = ()
    empty: EmptyState | None = None
