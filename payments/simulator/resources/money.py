"""Amounts and currencies as Stripe checks them."""

from payments.simulator import forms
from payments.simulator.errors import invalid, missing_param
from payments.simulator.shapes import Obj

# Smallest charge in minor units (https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts).
_MINIMUM = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50, "gbp": 30,
    "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300, "nzd": 50, "pln": 200,
    "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
_SYMBOL = {"eur": "€", "usd": "$", "gbp": "£"}
_ZERO_DECIMAL = frozenset({"jpy"})
MAXIMUM = 99_999_999


def currency(params: Obj, *, default: str | None = None) -> str:
    """The `currency` parameter in lower case, one that the simulator knows."""
    value = forms.text(params, "currency", default=default)
    if value is None:
        raise missing_param("currency")
    if value.lower() not in _MINIMUM:
        raise invalid(
            f"Invalid currency: {value}. Stripe currently supports these currencies: {', '.join(sorted(_MINIMUM))}",
            param="currency",
        )
    return value.lower()


def amount(params: Obj, unit: str, *, default: int | None = None) -> int:
    """The `amount` parameter in minor units, within what can be charged in the currency."""
    value = forms.integer(params, "amount")
    if value is None:
        value = default
    if value is None:
        raise missing_param("amount")
    if value < 1:
        raise invalid(
            "This value must be greater than or equal to 1.", param="amount", code="parameter_invalid_integer"
        )
    if value < _MINIMUM[unit]:
        raise invalid(
            f"Amount must be at least {written(_MINIMUM[unit], unit)} {unit}", param="amount", code="amount_too_small"
        )
    if value > MAXIMUM:
        raise invalid(f"Amount must be no more than {written(MAXIMUM, unit)}", param="amount", code="amount_too_large")
    return value


def written(minor: int, unit: str) -> str:
    """The amount for a reader: €12.50, 12.50 CHF."""
    sign, minor = ("-" if minor < 0 else ""), abs(minor)
    number = f"{minor:,}" if unit in _ZERO_DECIMAL else f"{minor // 100:,}.{minor % 100:02d}"
    return f"{sign}{_SYMBOL[unit]}{number}" if unit in _SYMBOL else f"{sign}{number} {unit.upper()}"
