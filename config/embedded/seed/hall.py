"""The demo's catalogue as of today. Today is fixed at the first run, so that a later one finds the same hall."""

import os
from datetime import UTC, date, datetime

from marketplace.imports.demo.catalogue import Catalogue, catalogue

SEED = 7


def today() -> date:
    """The day on which the demo's year ends."""
    given = os.environ.get("DEMO_TODAY")
    return date.fromisoformat(given) if given else datetime.now(UTC).date()


def demo_hall() -> Catalogue:
    """The catalogue, the same for the same day."""
    return catalogue(today=today(), seed=SEED)
