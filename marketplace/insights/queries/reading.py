"""How a view is read: through the replica when there is one; a view without contents reads as one without rows."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db import OperationalError

from marketplace.core.replica import reader

# object_not_in_prerequisite_state: "materialized view … has not been populated", after a schema was restored alone.
_NOT_FILLED = "55000"


def rows(statement: str, params: Mapping[str, int | str | date] | None = None) -> Sequence[tuple[Any, ...]]:
    """The statement's rows."""
    try:
        with reader().cursor() as cursor:
            cursor.execute(statement, params)
            return list(cursor.fetchall())
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", None) == _NOT_FILLED:
            return []
        raise
