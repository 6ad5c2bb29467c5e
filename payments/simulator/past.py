"""Payments of the past: a year of trade for a demo, made in one go and announced to nobody."""

from payments.simulator.api import Simulator
from payments.simulator.call import Call
from payments.simulator.resources import payment_intents
from payments.simulator.shapes import Obj


class _Quiet(Call):
    """A call whose facts are known already: no events, no webhooks."""

    def emit(self, kind: str, obj: Obj, *, previous: Obj | None = None) -> None:
        """Say nothing."""


def add(simulator: Simulator, wanted: list[Obj]) -> list[str]:
    """Make a paid PaymentIntent per item, all or none; their ids in the same order.

    An item has `amount` (minor units), `currency`, `created` (Unix seconds) and `metadata`.
    """
    with simulator.store.transaction():
        return [_paid(simulator, item) for item in wanted]


def _paid(simulator: Simulator, item: Obj) -> str:
    call = _Quiet(
        simulator.store,
        simulator.outbox,
        simulator.settings,
        int(item["created"]),
        "",
        params={
            "amount": str(int(item["amount"])),
            "currency": str(item["currency"]).lower(),
            "confirm": "true",
            "payment_method": "pm_card_visa",
            "automatic_payment_methods": {"enabled": "true", "allow_redirects": "never"},
            "metadata": {str(name): str(value) for name, value in item.get("metadata", {}).items()},
        },
    )
    return str(payment_intents.create(call)["id"])
