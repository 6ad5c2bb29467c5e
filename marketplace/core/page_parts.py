"""Parts that the pages of every interface share: what a template may show, already text.

Prices, counts, dates and URLs arrive formatted. An empty string or None means "leave it out", never "unknown".
`hue` is a stall's awning colour, 1 to 8.
"""

from dataclasses import dataclass
from typing import Literal

from django.forms import BoundField, Select, Textarea, Widget
from markupsafe import Markup

Tone = Literal["info", "good", "warn", "danger"]
FieldKind = Literal["text", "email", "tel", "password", "number", "search", "textarea", "select", "checkbox"]
BadgeTone = Literal["plain", "drop", "warn", "danger", "info", "citron"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A stored picture. Where there is none, use None: the template draws a placeholder.

    `srcset` is the attribute's text ("a.webp 480w, b.webp 1200w"); width and height are the pixels of `src`.
    `alt` describes the picture; "" when the title stands beside it.
    """

    src: str
    width: int
    height: int
    alt: str = ""
    srcset: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """`current` marks the page or value that is open now. `count` is a formatted number shown after the text."""

    text: str
    href: str
    current: bool = False
    count: str = ""
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Crumb:
    """A step of the breadcrumb. The page itself is not part of it."""

    text: str
    href: str


@dataclass(frozen=True, slots=True)
class Badge:
    text: str
    tone: BadgeTone = "plain"
    icon: str = ""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence in a coloured box; `link` is the way on."""

    text: str
    tone: Tone = "info"
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Hidden:
    """A hidden form field, for instance a filter that a sort form carries along."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Act:
    """A button that posts: `action` is the URL, `hidden` its fields."""

    text: str
    action: str
    hidden: tuple[Hidden, ...] = ()
    tone: Literal["plain", "primary", "danger"] = "plain"
    icon: str = ""
    label: str = ""
    """What a screen reader hears when the text alone is ambiguous ("Remove Blue vase")."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a select or of a radio group."""

    value: str
    text: str
    current: bool = False
    disabled: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A form field. `html_id` is `id_<name>`, as Django makes it; `errors` are whole sentences.

    `autocomplete` is a token of the HTML standard ("email", "postal-code"). `choices` makes it a select.
    `width` is its share of the row on wide screens.
    """

    name: str
    label: str
    value: str = ""
    kind: FieldKind = "text"
    hint: str = ""
    errors: tuple[str, ...] = ()
    required: bool = True
    autocomplete: str = ""
    inputmode: str = ""
    maxlength: int = 0
    choices: tuple[Choice, ...] = ()
    width: Literal["full", "half", "third", "two-thirds"] = "full"

    @property
    def html_id(self) -> str:
        return f"id_{self.name}"


def field_from(bound: BoundField, *, label: str = "", autocomplete: str = "", hint: str = "") -> Field:
    """A Django form field as a Field; choices make it a select, the widget decides the kind."""
    widget = bound.field.widget
    value = bound.value()
    shown = "" if value in (None, False) else str(value)
    return Field(
        name=bound.html_name,
        label=label or str(bound.label),
        value=shown,
        kind=_kind(widget),
        hint=hint,
        errors=tuple(str(error) for error in bound.errors),
        required=bound.field.required,
        autocomplete=autocomplete or str(widget.attrs.get("autocomplete", "")),
        inputmode=str(widget.attrs.get("inputmode", "")),
        maxlength=int(getattr(bound.field, "max_length", None) or 0),
        choices=tuple(Choice(str(key), str(text), str(key) == shown) for key, text in getattr(widget, "choices", ())),
    )


def _kind(widget: Widget) -> FieldKind:
    if isinstance(widget, Select):
        return "select"
    if isinstance(widget, Textarea):
        return "textarea"
    return _INPUT_KINDS.get(getattr(widget, "input_type", ""), "text")


_INPUT_KINDS: dict[str, FieldKind] = {
    "email": "email",
    "tel": "tel",
    "password": "password",
    "number": "number",
    "search": "search",
    "checkbox": "checkbox",
}


@dataclass(frozen=True, slots=True)
class FormError:
    """A line of the error summary on top of a form; `href` jumps to the field ("#id_email"), "" for the whole form."""

    text: str
    href: str = ""


@dataclass(frozen=True, slots=True)
class PageLink:
    """One entry of the pager: a number, "Previous", "Next", or a gap (`gap=True`, text "…", no href)."""

    text: str
    href: str = ""
    current: bool = False
    gap: bool = False
    rel: Literal["", "prev", "next"] = ""


@dataclass(frozen=True, slots=True)
class EmptyState:
    """What stands where a list would: why it is empty and what to do."""

    heading: str
    text: str
    links: tuple[Link, ...] = ()
    icon: str = "store"


@dataclass(frozen=True, slots=True)
class SumRow:
    label: str
    value: str
    total: bool = False


@dataclass(frozen=True, slots=True)
class TimelineStep:
    """A step of an order's way. `when` is "" until it happened."""

    text: str
    when: str = ""
    done: bool = False
    current: bool = False


@dataclass(frozen=True, slots=True)
class Meta:
    """The head of a page. `canonical` and `image` are absolute URLs; `robots` is "" for "index this"."""

    title: str
    description: str = ""
    canonical: str = ""
    image: str = ""
    robots: str = ""
    kind: Literal["website", "product"] = "website"
    structured_data: dict[str, object] | None = None
    """schema.org data, written as JSON-LD."""


@dataclass(frozen=True, slots=True)
class Slots:
    """Marks that stand in a page for everybody where one visitor's menu, number on the cart and messages go."""

    user: Markup
    cart: Markup
    notes: Markup


@dataclass(frozen=True, slots=True)
class Shell:
    """What stands around a page: header, search, navigation, flash messages, footer.

    Put into the template context as `shell` by one context processor, so that every page, the sign-in pages of
    django-allauth too, has it. All hrefs are paths. Empty hrefs and None leave the tool out.
    """

    home_href: str
    search_href: str
    cart_href: str
    sign_in_href: str
    categories: tuple[Link, ...] = ()
    """Top categories in the strip below the search, in display order; `current` on the one that is open."""
    more_categories: Link | None = None
    scopes: tuple[Choice, ...] = ()
    """Categories offered beside the search field; the macro adds "All categories" in front."""
    search_text: str = ""
    search_placeholder: str = "Search the market"
    cart_count: str = ""
    """Units in the cart, "" when empty."""
    user_name: str = ""
    """How the person is called in the header; "" when nobody is signed in."""
    account_href: str = ""
    sign_out_href: str = ""
    # For staff alone.
    ops_href: str = ""
    orders_href: str = ""
    sell: Link | None = None
    """The way to the seller's dashboard, for people who have one."""
    watching: Link | None = None
    messages: tuple[Note, ...] = ()
    slots: Slots | None = None
    """In a page for everybody, instead of what is personal here."""
    footer_links: tuple[Link, ...] = ()
    footer_text: str = ""
