"""Postal addresses as plain values, frozen into carts and orders."""

import unicodedata
from dataclasses import asdict, dataclass
from functools import cache

import pycountry

from marketplace.core.errors import AwningError


class BadAddress(AwningError):
    """An address that no carrier could use; ``fields`` says where."""

    code = "bad_address"
    status = 422


@cache
def countries() -> list[tuple[str, str]]:
    """ISO 3166-1 alpha-2 codes with English names, by name."""
    return sorted(((c.alpha_2, getattr(c, "common_name", c.name)) for c in pycountry.countries), key=lambda c: c[1])


@cache
def country_name(code: str) -> str:
    """The English name of an ISO 3166-1 alpha-2 code, or the code when it is unknown."""
    return dict(countries()).get(code, code)


@dataclass(frozen=True, slots=True)
class PostalAddress:
    """Where a parcel goes. ``country`` is an ISO 3166-1 alpha-2 code."""

    name: str
    line1: str
    line2: str
    postal_code: str
    city: str
    region: str
    country: str

    def to_json(self) -> dict[str, str]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, str]) -> "PostalAddress":
        return cls(**{name: str(data.get(name, "")) for name in cls.__dataclass_fields__})

    def lines(self) -> list[str]:
        """The address as it stands on a label."""
        town = " ".join(part for part in (self.postal_code, self.city) if part)
        parts = [self.name, self.line1, self.line2, town, self.region, country_name(self.country)]
        return [part for part in parts if part]


_REQUIRED = {
    "name": "Enter the name of who receives the parcel.",
    "line1": "Enter the street and number.",
    "city": "Enter the town.",
    "country": "Choose the country.",
}
_LIMITS = {"name": 120, "line1": 160, "line2": 160, "postal_code": 20, "city": 120, "region": 120}
# Line ends, control characters, halves of characters; and the marks that turn the direction of everything after them.
_INVISIBLE = frozenset({"Cc", "Cs", "Zl", "Zp"})
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
# Countries whose post does not use postal codes (Universal Postal Union, addressing systems).
_NO_POSTAL_CODE = frozenset({"AE", "AG", "AO", "BO", "BS", "BZ", "FJ", "GH", "HK", "IE", "JM", "KE", "PA", "QA", "UG"})


def checked(address: PostalAddress) -> PostalAddress:
    """The address with outer blanks removed. Raises BadAddress with a message per field."""
    clean = PostalAddress(**{name: value.strip() for name, value in asdict(address).items()})
    values = clean.to_json()
    wrong = {name: message for name, message in _REQUIRED.items() if not values[name]}
    wrong |= {
        name: f"Shorten this to {limit} characters." for name, limit in _LIMITS.items() if len(values[name]) > limit
    }
    wrong |= {name: "Type this again: it holds invisible characters." for name in _LIMITS if _hides(values[name])}
    if clean.country and clean.country not in dict(countries()):
        wrong["country"] = "Choose a country from the list."
    if not clean.postal_code and clean.country not in _NO_POSTAL_CODE:
        wrong["postal_code"] = "Enter the postal code."
    if wrong:
        raise BadAddress("Please check the address.", fields=wrong)
    return clean


def _hides(text: str) -> bool:
    """Whether the text would not stand on a label as it stands on a screen. Joiners, which some scripts need, may stay."""
    return any(letter in _TURNING or unicodedata.category(letter) in _INVISIBLE for letter in text)
