"""Triggers that make a table append-only: what is written stays; a mistake is answered by another row."""

import pgtrigger

_REFUSE = "RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';"


def append_only() -> list[pgtrigger.Trigger]:
    """Refuses UPDATE, DELETE and TRUNCATE with SQLSTATE 23001."""
    return [
        pgtrigger.Trigger(
            name="append_only", operation=pgtrigger.Update | pgtrigger.Delete, when=pgtrigger.Before, func=_REFUSE
        ),
        pgtrigger.Trigger(
            name="no_truncate",
            operation=pgtrigger.Truncate,
            when=pgtrigger.Before,
            level=pgtrigger.Statement,
            func=_REFUSE,
        ),
    ]
