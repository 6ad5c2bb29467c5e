"""What the operators see of orders: counted when the transaction that made it true has committed."""

from django.db import transaction

from monitoring.metrics.instruments import counter

placed_total = counter("orders_placed", "Checkouts whose orders were placed.")
paid_total = counter("orders_paid", "Checkouts whose orders were paid for.")
cancelled_total = counter("orders_cancelled", "Checkouts whose unpaid orders were cancelled.")


def placed() -> None:
    """One more, if the transaction at hand commits."""
    transaction.on_commit(placed_total.inc, robust=True)


def paid() -> None:
    """One more, if the transaction at hand commits."""
    transaction.on_commit(paid_total.inc, robust=True)


def cancelled() -> None:
    """One more, if the transaction at hand commits."""
    transaction.on_commit(cancelled_total.inc, robust=True)
