from typing import Final

import pytest
from django.db import connection
from psycopg import sql

from monitoring.alerts.models import Alert, Standing
from monitoring.database.models import SlowQuery
from monitoring.errors.models import ErrorEvent, ErrorGroup
from monitoring.metrics.models import Sample
from monitoring.supervision.models import Heartbeat, Restart

_EMPTY: Final = sql.SQL(";").join(
    sql.SQL("DELETE FROM {}").format(sql.Identifier(model._meta.db_table))
    for model in (Alert, Standing, Sample, Restart, Heartbeat, SlowQuery, ErrorEvent, ErrorGroup)
)
_WITH_DATABASE: Final = frozenset({"db", "transactional_db", "django_db_reset_sequences"})


@pytest.fixture(autouse=True)
def _nothing_has_happened_yet(request: pytest.FixtureRequest) -> None:
    """A real process of an earlier test may have written its last line after that test was cleaned up."""
    if request.node.get_closest_marker("django_db") or not _WITH_DATABASE.isdisjoint(request.fixturenames):
        request.getfixturevalue("db")
        with connection.cursor() as cursor:
            cursor.execute(_EMPTY)
