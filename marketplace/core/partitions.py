"""Tables partitioned by month: makes months ahead, drops what is past retention, and never blocks those who write.

There is no DEFAULT partition: with one, DETACH CONCURRENTLY is refused, and a month whose rows landed there cannot be made
without moving them. Whoever writes into a month that is missing makes it (``make_months``) and writes again.
"""

import logging
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from django.db import OperationalError, ProgrammingError, connection, transaction
from psycopg import sql

from marketplace.core.db import in_transaction

logger = logging.getLogger(__name__)

# CONTRACT "partitions": monthly, 3 ahead.
AHEAD = 3
# How long the making of a month waits for another's (milliseconds); whoever comes too late tries again an hour later.
_PATIENCE_MS = 2000
_LOCK_SPACE = 0x41574E50  # "AWNP": sets these advisory locks apart from everybody else's
_PLAIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,47}")
_LOCK_NOT_AVAILABLE, _CHECK_VIOLATION, _NOT_FOUND = "55P03", "23514", "42P01"
# Another run is at the same partition: "already pending detach".
_BEGUN = "55000"

_PARTS = """
SELECT child.relname, parts.inhdetachpending
FROM pg_inherits parts JOIN pg_class child ON child.oid = parts.inhrelid
WHERE parts.inhparent = %s::regclass ORDER BY child.relname
"""
# Tables that were detached, but whose dropping was cut off.
_LEFT_OVER = r"""
SELECT relname FROM pg_class
WHERE relkind = 'r' AND NOT relispartition AND relnamespace = (SELECT relnamespace FROM pg_class WHERE oid = %s::regclass)
AND relname ~ ('^' || %s || '_y\d{4}m\d{2}$') ORDER BY relname
"""
# Triggers on rows are inherited; those on statements are not: a partition could be emptied behind its parent's back.
_STATEMENT_TRIGGERS = """
SELECT tgname, tgfoid::regproc::text FROM pg_trigger
WHERE tgrelid = %s::regclass AND NOT tgisinternal AND tgtype & 1 = 0 AND tgtype & 32 <> 0
"""


@dataclass(frozen=True, slots=True)
class Partitioned:
    """A table with RANGE partitions by month (UTC) of ``column``. Months older than ``keep_months`` go; None keeps all.

    ``before_drop`` is called with a month's first moment and the next one's, in a transaction, before it goes; twice after
    a crash.
    """

    table: str
    column: str
    keep_months: int | None = None
    before_drop: Callable[[datetime, datetime], None] | None = None

    def __post_init__(self) -> None:
        if not _PLAIN_NAME.fullmatch(self.table):
            raise ValueError(f"{self.table!r}: a partitioned table is named by at most 48 of a-z, 0-9 and _.")
        if self.keep_months is not None and self.keep_months < 1:
            raise ValueError(f"{self.table}: keep_months is 1 or more, or None to keep every month.")

    def name(self, month: date) -> str:
        """The partition of a month: ``prices_pricehistory_y2026m11``."""
        return f"{self.table}_y{month:%Y}m{month:%m}"

    def month(self, partition: str) -> date | None:
        """The month a partition is for, None when it has another kind of name."""
        found = re.fullmatch(rf"{self.table}_y(\d{{4}})m(\d{{2}})", partition)
        return date(int(found[1]), int(found[2]), 1) if found else None


@dataclass(frozen=True, slots=True)
class Dropped:
    """What retention did: partitions that are gone, and those that somebody's long reading kept for the next time."""

    gone: tuple[str, ...] = ()
    busy: tuple[str, ...] = ()


_tables: dict[str, Partitioned] = {}
# Months that this process knows to be there. Retention only takes months that nobody writes into any more.
_assured: set[tuple[str, date]] = set()


def register(table: Partitioned) -> None:
    """Makes a table's months the business of the hourly task; a second one of the same name takes its place."""
    _tables[table.table] = table


def registered() -> list[Partitioned]:
    """All partitioned tables, by name."""
    return sorted(_tables.values(), key=lambda table: table.table)


def month_of(moment: datetime) -> date:
    """The first day of the month, in UTC."""
    utc = moment.astimezone(UTC)
    return date(utc.year, utc.month, 1)


def later(month: date, months: int) -> date:
    """The first day of the month so many months later, or earlier."""
    count = month.year * 12 + month.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def ensure(now: datetime, ahead: int = AHEAD) -> list[str]:
    """Makes this month and ``ahead`` more of every registered table; names what it made.

    Each table by itself: one that is locked for too long is left for the next run and does not hold up the others.
    """
    made: list[str] = []
    for table in registered():
        wanted = [later(month_of(now), step) for step in range(ahead + 1)]
        try:
            with transaction.atomic():
                made += make_months(table, wanted)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                raise
            logger.warning("partitions.busy", extra={"table": table.table})
    return made


def make_months(table: Partitioned, months: Iterable[date]) -> list[str]:
    """Makes the partitions of these months that are missing, in the caller's transaction; names them.

    Nobody who reads or writes the table waits for it: the new month is made aside and attached under a lock that only
    conflicts with another's. Two at once take turns. Raises OperationalError when that takes longer than two seconds.
    """
    wanted = sorted(set(months))
    if not _missing(table, wanted):
        return []
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        usual = cursor.fetchone()[0]
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{_PATIENCE_MS}ms"])
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [_LOCK_SPACE, table.table])
        # Looked up again: who held the lock before us may have made them.
        made = [_make(table, month) for month in _missing(table, wanted)]
        # For what else the caller's transaction does.
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [usual])
        return made


def assure(table: Partitioned, month: date) -> None:
    """Makes the month unless it is there, inside the caller's transaction: a task that failed must not stop a sale.

    A process asks once per month; after that it costs nothing.
    """
    if (table.table, month) not in _assured:
        make_months(table, [month])
        # Not before the commit: what is rolled back takes the month with it.
        transaction.on_commit(lambda: _assured.add((table.table, month)))


def lacks_month(error: Exception) -> bool:
    """Whether a row was refused because the table has no partition for its month yet."""
    cause = error.__cause__
    # PostgreSQL has no code of its own for it; a CHECK of a table always names its constraint.
    return getattr(cause, "sqlstate", None) == _CHECK_VIOLATION and not getattr(
        getattr(cause, "diag", None), "constraint_name", None
    )


def months(table: Partitioned) -> list[date]:
    """The months that have a partition, in order."""
    return [month for month in map(table.month, _attached(table)) if month is not None]


def months_ahead(table: Partitioned, *, now: datetime) -> int:
    """How many months after this one can be written without a gap; -1 when this one cannot."""
    known, ahead = set(months(table)), -1
    while later(month_of(now), ahead + 1) in known:
        ahead += 1
    return ahead


def drop_expired(now: datetime) -> Dropped:
    """Drops months past retention of every registered table, each detached first so that nobody waits for it.

    Call it outside a transaction. A detaching waits for who reads the month, as long as the connection's lock_timeout
    allows; what was cut off there, or between detaching and dropping, is finished by the next run.
    """
    if in_transaction():
        raise RuntimeError("drop_expired() needs to be outside a transaction: DETACH CONCURRENTLY makes its own.")
    gone: list[str] = []
    busy: list[str] = []
    for table in registered():
        for name in _expired(table, now):
            (gone if _drop(table, name) else busy).append(name)
    return Dropped(tuple(gone), tuple(busy))


def _attached(table: Partitioned) -> dict[str, bool]:
    """The partitions, and whether somebody began to detach them."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTS, [table.table])
        return dict(cursor.fetchall())


def _missing(table: Partitioned, wanted: list[date]) -> list[date]:
    known = set(months(table))
    return [month for month in wanted if month not in known]


def _make(table: Partitioned, month: date) -> str:
    name = table.name(month)
    parent, child = sql.Identifier(table.table), sql.Identifier(name)
    with connection.cursor() as cursor:
        # Identity and numbering stay with the parent: a partition may not have its own.
        like = "CREATE TABLE {} (LIKE {} INCLUDING ALL EXCLUDING IDENTITY)"
        cursor.execute(sql.SQL(like).format(child, parent))
        cursor.execute(_STATEMENT_TRIGGERS, [table.table])
        for trigger, function in cursor.fetchall():
            statement = sql.SQL("CREATE TRIGGER {} BEFORE TRUNCATE ON {} FOR EACH STATEMENT EXECUTE FUNCTION {}()")
            cursor.execute(statement.format(sql.Identifier(trigger), child, sql.Identifier(function)))
        attach = sql.SQL("ALTER TABLE {} ATTACH PARTITION {} FOR VALUES FROM ({}) TO ({})")
        first, end = (f"{edge:%Y-%m-%d} 00:00:00+00" for edge in (month, later(month, 1)))
        cursor.execute(attach.format(parent, child, sql.Literal(first), sql.Literal(end)))
    logger.info("partitions.made", extra={"table": name})
    return name


def _expired(table: Partitioned, now: datetime) -> list[str]:
    """What retention drops, the oldest first; also what an earlier run had detached when it was cut off."""
    if table.keep_months is None:
        return []
    oldest = later(month_of(now), -table.keep_months)
    with connection.cursor() as cursor:
        cursor.execute(_LEFT_OVER, [table.table, table.table])
        names = {name for (name,) in cursor.fetchall()} | set(_attached(table))
    return sorted(name for name in names if (month := table.month(name)) is not None and month < oldest)


def _hand_over(table: Partitioned, name: str) -> None:
    month = table.month(name)
    if table.before_drop is None or month is None:
        return
    with transaction.atomic():
        make_months(table, [later(month, 1)])
        table.before_drop(*(datetime(each.year, each.month, 1, tzinfo=UTC) for each in (month, later(month, 1))))


def _drop(table: Partitioned, name: str) -> bool:
    parent, child = sql.Identifier(table.table), sql.Identifier(name)
    try:
        with connection.cursor() as cursor:
            pending = _attached(table).get(name)
            if pending is False:
                _hand_over(table, name)
            if pending is not None:
                how = "FINALIZE" if pending else "CONCURRENTLY"
                cursor.execute(sql.SQL("ALTER TABLE {} DETACH PARTITION {} " + how).format(parent, child))
            cursor.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(child))
    except (OperationalError, ProgrammingError) as error:
        state = getattr(error.__cause__, "sqlstate", None)
        if state in (_LOCK_NOT_AVAILABLE, _BEGUN):
            logger.warning("partitions.busy", extra={"table": name})
            return False
        if state == _NOT_FOUND:
            # Another run was faster.
            return True
        raise
    logger.info("partitions.dropped", extra={"table": name})
    return True
