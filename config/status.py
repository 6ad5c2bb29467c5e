"""What the public status page says: the parts of the market as visitors name them, and the words for their troubles."""

from monitoring.ops import status
from monitoring.ops.status import Component, Leg

COMPONENTS = (
    Component(
        "Browsing and searching",
        (
            Leg("postgresql", "stopped", "Pages cannot be loaded. We are working on it."),
            Leg("cache", "limited", "Pages load more slowly than usual."),
            Leg("pool", "limited", "Many people are here: pages may take longer.", warns=True),
        ),
    ),
    Component(
        "Signing in",
        (
            Leg("postgresql", "stopped", "Nobody can sign in at the moment."),
            Leg("limits", "limited", "Signing in is limited more strictly than usual."),
        ),
    ),
    Component("Ordering", (Leg("postgresql", "stopped", "No orders can be placed. Carts are kept."),)),
    Component(
        "Paying by card",
        (
            Leg("postgresql", "stopped", "No payments can be made."),
            Leg("stripe", "limited", "The card provider does not answer. An order is kept, and can be paid later."),
            Leg("inbox", "limited", "Payments are confirmed later than usual."),
        ),
    ),
    Component(
        "Receipts and other e-mails",
        (
            Leg("postgresql", "stopped", "E-mails wait. None is lost."),
            Leg("outbox", "limited", "E-mails are late. None is lost."),
            Leg("broker", "limited", "E-mails may arrive some seconds later."),
        ),
    ),
    Component(
        "Pictures and imports",
        (
            Leg("storage", "limited", "New pictures cannot be stored."),
            Leg("worker", "limited", "Imports and pictures wait until background work goes on."),
        ),
    ),
)
INCIDENTS = {
    "response_p95": "Pages load more slowly than usual.",
    "error_share": "Some requests fail. Trying again often helps.",
    "payment_failures": "More card payments fail than usual.",
    "signup_failures": "Some people cannot create an account.",
    "outbox_late": "E-mails are late. None is lost.",
    "inbox_late": "Payments are confirmed later than usual.",
}


def register() -> None:
    """Registers the components and the public words of alerts."""
    status.register(*COMPONENTS, incidents=INCIDENTS)
