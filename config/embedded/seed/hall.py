"""The demo's catalogue, ending today. Its goods and their pictures are the same on every day."""

from datetime import UTC, date, datetime

from marketplace.imports.demo.catalogue import Catalogue, catalogue

SEED = 7


def today() -> date:
    """The day on which the demo's year ends."""
    return datetime.now(UTC).date()


def demo_hall() -> Catalogue:
    """The catalogue of today."""
    return catalogue(today=today(), seed=SEED)
