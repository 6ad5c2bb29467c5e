"""What a test's process takes for the last good rates, without Redis or PostgreSQL."""

from collections.abc import Mapping

from marketplace.rates import queries
from marketplace.rates.coins import Pair
from marketplace.rates.queries import Entry


def assume(board: Mapping[Pair, Entry]) -> None:
    """These are the rates until the test says otherwise; none are known for ``{}``."""
    queries.forget()
    queries._memory.board, queries._memory.until = board, float("inf")
