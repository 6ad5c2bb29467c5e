from collections.abc import Iterator

import pytest

from monitoring.requests import ids
from tests.monitoring.requests.lines import Log, logged


@pytest.fixture(autouse=True)
def _no_id() -> Iterator[None]:
    """A test begins and ends outside of any request."""
    ids.end()
    yield
    ids.end()


@pytest.fixture
def log() -> Iterator[Log]:
    """Everything that is logged during the test."""
    with logged() as log:
        yield log
