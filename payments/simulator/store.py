"""The simulator's memory: one SQLite file in WAL mode, one writer at a time.

A commit survives kill -9 of the process. A whole request is one transaction, so that its objects, its events, its
webhook deliveries and its remembered idempotent answer exist together or not at all.
"""

import fcntl
import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from payments.simulator.errors import ApiError
from payments.simulator.shapes import Obj

# Fields that lists filter by; each has an index of its own.
INDEXED = ("payment_intent", "charge", "customer", "source", "destination", "transfer_group", "transfer", "payout")

_TABLES = """
CREATE TABLE IF NOT EXISTS objects(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, account TEXT NOT NULL,
  created INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS objects_listing ON objects(account, kind, seq);
CREATE TABLE IF NOT EXISTS balances(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, account TEXT NOT NULL, currency TEXT NOT NULL, available_on INTEGER NOT NULL,
  net INTEGER NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS balances_sum ON balances(account, currency, available_on, net);
CREATE TABLE IF NOT EXISTS idempotency(
  account TEXT NOT NULL, key TEXT NOT NULL, endpoint TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
  body BLOB NOT NULL, request_id TEXT NOT NULL, created INTEGER NOT NULL, PRIMARY KEY(account, key)) STRICT;
CREATE TABLE IF NOT EXISTS deliveries(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, type TEXT NOT NULL, state TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, due_at REAL NOT NULL, status INTEGER, error TEXT, created_at REAL NOT NULL,
  finished_at REAL) STRICT;
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries(state, due_at);
CREATE INDEX IF NOT EXISTS deliveries_event ON deliveries(event);
CREATE TABLE IF NOT EXISTS timers(
  action TEXT NOT NULL, object TEXT NOT NULL, account TEXT NOT NULL, due_at INTEGER NOT NULL,
  PRIMARY KEY(action, object)) STRICT;
CREATE TABLE IF NOT EXISTS meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
"""
_CLEARED = ("objects", "balances", "idempotency", "deliveries", "timers", "meta")


class DataFileBusy(Exception):
    """Another simulator has the data file open."""


class Store:
    """Objects by id and kind, and the small tables beside them."""

    def __init__(self, path: Path) -> None:
        self._guard = _lock_file(path)
        self.lock = threading.RLock()
        self.db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self.db.row_factory = sqlite3.Row
        self.db.execute("PRAGMA journal_mode=WAL")
        self.db.execute("PRAGMA synchronous=NORMAL")
        self.db.executescript(_TABLES)
        for name in INDEXED:
            self.db.execute(
                f"CREATE INDEX IF NOT EXISTS objects_{name} ON objects(kind, json_extract(body, '$.{name}'), seq) "
                f"WHERE json_extract(body, '$.{name}') IS NOT NULL"
            )

    def close(self) -> None:
        """Close the file; the lock goes with it."""
        with self.lock:
            self.db.close()
            self._guard.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside is committed together, or not at all."""
        with self.lock:
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.db.execute("ROLLBACK")
                raise
            self.db.execute("COMMIT")

    @contextmanager
    def undone_on_refusal(self) -> Iterator[None]:
        """Inside a transaction: a refused endpoint's writes are undone, unless the refusal says they are facts."""
        self.run("SAVEPOINT endpoint")
        try:
            yield
        except ApiError as error:
            if not error.keep:
                self.run("ROLLBACK TO endpoint")
            raise

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self.lock:
            return self.db.execute(sql, values).fetchall()

    def run(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> int:
        """Run a statement; the number of rows it changed."""
        with self.lock:
            return self.db.execute(sql, values).rowcount

    def put(self, obj: Obj, account: str) -> Obj:
        """Insert or replace an object; its place in the order of creation stays."""
        self.run(
            "INSERT INTO objects(id, kind, account, created, body) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT(id) DO UPDATE SET body = excluded.body",
            (obj["id"], obj["object"], account, obj.get("created", 0), json.dumps(obj)),
        )
        return obj

    def get(self, kind: str, identifier: str, account: str) -> Obj | None:
        """One object of one account."""
        found = self.rows(
            "SELECT body FROM objects WHERE id = ? AND kind = ? AND account = ?", (identifier, kind, account)
        )
        return _load(found[0]) if found else None

    def owner_and_object(self, identifier: str) -> tuple[str, Obj] | None:
        """The account and the object of an id, whatever its kind."""
        found = self.rows("SELECT account, body FROM objects WHERE id = ?", (identifier,))
        return (str(found[0]["account"]), _load(found[0])) if found else None

    def find(
        self,
        kind: str,
        account: str,
        fields: Mapping[str, Any] | None = None,
        *,
        where: Sequence[tuple[str, Any]] = (),
        newest_first: bool = True,
        limit: int = -1,
    ) -> list[Obj]:
        """Objects whose named fields have the given values; `where` holds further SQL conditions of our own."""
        conditions = [("kind = ?", kind)]
        indexed = False
        for name, value in (fields or {}).items():
            use_index = name in INDEXED
            indexed |= use_index
            path = f"json_extract(body, '$.{name}')" if use_index else f"json_extract(body, '{_json_path(name)}')"
            conditions.append((f"{path} = ?", value))
        # A plus sign keeps SQLite from choosing the listing index over the narrower one.
        conditions.append(("+account = ?" if indexed else "account = ?", account))
        conditions.extend(where)
        sql = " AND ".join(sql for sql, _ in conditions)
        order = "DESC" if newest_first else "ASC"
        sql = f"SELECT body FROM objects WHERE {sql} ORDER BY seq {order} LIMIT ?"  # noqa: S608 - our own conditions
        return [_load(row) for row in self.rows(sql, [*(value for _, value in conditions), limit])]

    def position(self, identifier: str, kind: str, account: str) -> int | None:
        """The object's place in the order of creation."""
        found = self.rows(
            "SELECT seq FROM objects WHERE id = ? AND kind = ? AND account = ?", (identifier, kind, account)
        )
        return int(found[0]["seq"]) if found else None

    def delete(self, identifier: str) -> None:
        """Forget an object."""
        self.run("DELETE FROM objects WHERE id = ?", (identifier,))

    def set_timer(self, action: str, identifier: str, account: str, due_at: int) -> None:
        """Have the scheduler act on an object at a simulated time."""
        self.run("INSERT OR REPLACE INTO timers VALUES (?, ?, ?, ?)", (action, identifier, account, due_at))

    def meta(self, name: str) -> str | None:
        """A remembered setting."""
        found = self.rows("SELECT value FROM meta WHERE name = ?", (name,))
        return str(found[0]["value"]) if found else None

    def set_meta(self, name: str, value: str) -> None:
        """Remember a setting."""
        self.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Forget everything."""
        with self.transaction():
            for table in _CLEARED:
                self.run(f"DELETE FROM {table}")  # noqa: S608 - our own table names


def _load(row: sqlite3.Row) -> Obj:
    obj: Obj = json.loads(row["body"])
    return obj


def _json_path(name: str) -> str:
    if not name.replace("_", "").replace(".", "").isalnum():
        raise ValueError(f"not a field name: {name}")
    return "$." + name


def _lock_file(path: Path) -> TextIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = path.with_name(path.name + ".lock").open("w", encoding="utf-8")
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        handle.close()
        raise DataFileBusy(
            f"{path} is in use by another simulator: stop that one or give another --data file."
        ) from error
    return handle
