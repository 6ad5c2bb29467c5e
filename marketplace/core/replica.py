"""Where a read goes: to the read replica when it may be a little behind, else to the primary.

Catalogue, search and statistics ask ``reader()`` for their connection. Carts, orders, money, the admin and everything that
writes use ``django.db.connection``, which is always the primary.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

_primary_only: ContextVar[bool] = ContextVar("primary_only", default=False)


def reader() -> BaseDatabaseWrapper:
    """The connection for reads that may be some seconds old. Ask anew for every statement; never write through it."""
    return connections[DEFAULT_DB_ALIAS]


def reading() -> bool:
    """Whether ``reader()`` is the replica at this moment."""
    return reader().alias != DEFAULT_DB_ALIAS


@contextmanager
def primary() -> Iterator[None]:
    """Inside, ``reader()`` is the primary: for a read that must not miss what was committed a moment ago."""
    token = _primary_only.set(True)
    try:
        yield
    finally:
        _primary_only.reset(token)
