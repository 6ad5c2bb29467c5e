"""Typed values: what an attribute accepts, and how it is stored."""

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from marketplace.catalog.errors import BadProduct
from marketplace.catalog.models import Attribute

Value: TypeAlias = str | bool
Given: TypeAlias = str | bool | int | Decimal | None

MAX_TEXT = 200
_WORDS = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def checked_attributes(attributes: Iterable[Attribute], given: Mapping[str, Given]) -> dict[str, Value]:
    """The values as they are stored, by slug; blank ones are left out.

    Choices are stored as the type spells them, numbers as plain decimal text, yes or no as a boolean.
    Raises BadProduct with a message per attribute, also for a slug the product type does not have.
    """
    known = {attribute.slug: attribute for attribute in attributes}
    values: dict[str, Value] = {}
    wrong = {slug: "This kind of product has no such attribute." for slug in given if slug not in known}
    for slug, attribute in known.items():
        raw = given.get(slug)
        if raw is None or (isinstance(raw, str) and not raw.strip()):
            continue
        try:
            values[slug] = checked_value(attribute, raw)
        except BadProduct as error:
            wrong[slug] = error.message
    if wrong:
        raise BadProduct("Please check the attributes.", fields=wrong)
    return values


def checked_value(attribute: Attribute, raw: Given) -> Value:
    """One value as it is stored. Raises BadProduct with a sentence that says what would fit."""
    text = str(raw).strip()
    match attribute.kind:
        case Attribute.Kind.CHOICE:
            return _choice(attribute, text)
        case Attribute.Kind.NUMBER:
            return _number(attribute, text)
        case Attribute.Kind.BOOLEAN:
            if isinstance(raw, bool):
                return raw
            if text.lower() in _WORDS:
                return _WORDS[text.lower()]
            raise BadProduct(f"{attribute.label} is yes or no.")
    if len(text) > MAX_TEXT:
        raise BadProduct(f"Shorten {attribute.label} to {MAX_TEXT} characters.")
    return text.replace("\x00", "")


def _choice(attribute: Attribute, text: str) -> str:
    for choice in attribute.choices:
        if choice.casefold() == text.casefold():
            return choice
    offered = ", ".join(attribute.choices[:12]) + (", …" if len(attribute.choices) > 12 else "")
    raise BadProduct(f"“{text[:40]}” is not a choice of {attribute.label}: use one of {offered}.")


def _number(attribute: Attribute, text: str) -> str:
    # A unit that was typed along is understood; any other is a mistake worth telling.
    bare = text.removesuffix(attribute.unit).strip() if attribute.unit else text
    try:
        number = Decimal(bare)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** 12:
        unit = f" in {attribute.unit}" if attribute.unit else ""
        raise BadProduct(f"“{text[:40]}” is not a number: give {attribute.label}{unit} like 12.5.")
    return f"{number.normalize():f}"
