"""What the servers must be: each rule with a server, or an answer of one, that breaks it."""

import dataclasses
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.core.checks import CheckMessage
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage
from django.db import connection

from config.embedded.redis import BROKER, CACHE, RedisPlan, RedisServer
from monitoring.preflight import files, host, postgres, redis_servers
from monitoring.preflight.postgres import Facts

FINE = Facts(
    version=18, role="awning", superuser=False, role_limit=-1, database_limit=-1, replica=False, creates=True, zone="UTC",
    system="7", database="awning",
    slots=100, reserved=3, drift=0.1, foreign_tables=0, extensions=("pg_trgm", "unaccent"), available=("pg_trgm", "unaccent"),
)  # fmt: skip


def said(found: Iterable[CheckMessage]) -> list[str]:
    return [
        f"{'error' if message.level >= 40 else 'warning'} {str(message.id).removeprefix('preflight.')}"
        for message in found
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"version": 15}, ["error postgres.version"]),
        ({"version": 16}, []),
        ({"replica": True}, ["error postgres.read_only"]),
        ({"creates": False}, ["error postgres.create"]),
        ({"creates": None}, ["error postgres.create"]),
        ({"foreign_tables": 2}, ["error postgres.owner"]),
        ({"superuser": True}, ["warning postgres.superuser"]),
        ({"extensions": ("unaccent",)}, ["error postgres.extension.pg_trgm"]),
        (
            {"extensions": (), "available": ()},
            ["error postgres.extension.pg_trgm", "error postgres.extension.unaccent"],
        ),
        ({"zone": "Europe/Vienna"}, ["warning postgres.time_zone"]),
        ({"slots": 33, "reserved": 3}, ["error postgres.connections"]),
        ({"slots": 34, "reserved": 2}, []),
        ({"role_limit": 20}, ["error postgres.connections"]),
        ({"database_limit": 20}, ["error postgres.connections"]),
        ({"drift": 3.0}, ["warning postgres.clock"]),
        ({"drift": -31.0}, ["error postgres.clock"]),
    ],
)
def test_the_database(change: dict[str, Any], expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(postgres, "ask", lambda url: dataclasses.replace(FINE, **change))
    found = postgres.primary("DATABASE_URL", "x", extensions=("pg_trgm", "unaccent"), connections=lambda: 25)
    assert said(found) == expected


@pytest.mark.parametrize(
    ("here", "there", "expected"),
    [
        ({"replica": True}, {}, []),
        ({}, {}, ["error replica.primary"]),
        ({"replica": True, "version": 17}, {}, ["error replica.version"]),
        ({"replica": True, "system": "8"}, {}, ["error replica.stranger"]),
        ({"replica": True, "database": "other"}, {}, ["error replica.database"]),
    ],
)
def test_the_replica(
    here: dict[str, Any], there: dict[str, Any], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {"here": dataclasses.replace(FINE, **here), "there": dataclasses.replace(FINE, **there)}
    monkeypatch.setattr(postgres, "ask", answers.__getitem__)
    assert said(postgres.replica("DATABASE_REPLICA_URL", "here", of="there")) == expected


def real_url() -> str:
    given = connection.settings_dict
    password = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgres://{given['USER']}{password}@{given['HOST']}:{given['PORT']}/{given['NAME']}"


def test_the_facts_are_the_servers_own(db: None) -> None:
    facts = postgres.ask(real_url())
    assert facts.version >= 16
    assert facts.creates is True
    assert facts.foreign_tables == 0
    assert abs(facts.drift) < 1
    assert {"pg_trgm", "unaccent"} <= set(facts.extensions)
    assert facts.slots > facts.reserved


def test_rights_are_read_where_they_are_lacking(transactional_db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolcreaterole OR rolsuper FROM pg_roles WHERE rolname = current_user")
        row = cursor.fetchone()
    if row and row[0]:
        facts = as_guest()
        assert (facts.superuser, facts.role_limit) == (False, 7)
    else:
        # The system's own schema, where none but a superuser may do anything.
        facts = postgres.ask(f"{real_url()}?options=-c%20search_path%3Dpg_catalog")
    assert facts.creates is False
    assert facts.foreign_tables > 50


def as_guest() -> Facts:
    """What a role without rights learns."""
    parts = urlsplit(real_url())
    with psycopg.connect(real_url(), autocommit=True) as link:
        link.execute("DROP ROLE IF EXISTS preflight_guest")
        link.execute("CREATE ROLE preflight_guest LOGIN CONNECTION LIMIT 7 PASSWORD 'guest-of-the-test'")
        try:
            return postgres.ask(
                f"postgres://preflight_guest:guest-of-the-test@{parts.hostname}:{parts.port}{parts.path}"
            )
        finally:
            link.execute("DROP ROLE preflight_guest")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RedisServer]]:
    """A Redis that keeps and one that evicts."""
    folder = tmp_path_factory.mktemp("redis")
    made: dict[str, RedisServer] = {}
    try:
        for name, chosen in (("broker", BROKER), ("cache", CACHE), ("bare", {"maxmemory": "0", "appendonly": "no"})):
            made[name] = RedisServer(
                RedisPlan(
                    name=name,
                    directory=folder / name,
                    log=folder / f"{name}.log",
                    settings=chosen,
                    password="pw-c4n4ry",
                )
            )
        yield made
    finally:
        for server in made.values():
            server.stop()


def test_a_keeper_must_keep(servers: dict[str, RedisServer]) -> None:
    assert said(redis_servers.keeper("broker", "X", servers["broker"].url(), append_only=True)) == []
    assert said(redis_servers.keeper("broker", "X", servers["cache"].url(), append_only=True)) == [
        "error broker.policy",
        "warning broker.append_only",
    ]
    assert said(redis_servers.keeper("limits", "X", servers["bare"].url(), append_only=False)) == []


def test_a_cache_should_make_room(servers: dict[str, RedisServer]) -> None:
    assert said(redis_servers.cache("cache", "X", servers["cache"].url())) == []
    assert said(redis_servers.cache("cache", "X", servers["broker"].url())) == [
        "warning cache.policy",
        "warning cache.maxmemory",
    ]


def test_cache_and_broker_are_two_servers_also_by_another_name(servers: dict[str, RedisServer]) -> None:
    url = servers["broker"].url(0)
    elsewhere = url.replace("127.0.0.1", "localhost").removesuffix("/0") + "/5"
    assert said(redis_servers.apart("X", url, other="Y", other_url=elsewhere)) == ["error redis.shared"]
    assert said(redis_servers.apart("X", url, other="Y", other_url=servers["cache"].url())) == []
    assert said(redis_servers.together("X", url, other="Y", other_url=elsewhere)) == []
    assert said(redis_servers.together("X", url, other="Y", other_url=url)) == ["warning redis.same_database"]


def test_servers_that_do_not_say_which_they_are_are_not_taken_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    silent = redis_servers.Facts(
        run_id="", database=0, writable=True, policy="noeviction", maxmemory=0, append_only=True
    )
    monkeypatch.setattr(redis_servers, "ask", lambda url: silent)
    for compare in (redis_servers.apart, redis_servers.together):
        assert said(compare("X", "redis://a/0", other="Y", other_url="redis://b/0")) == []


def test_a_replica_takes_no_writes(servers: dict[str, RedisServer]) -> None:
    with redis.Redis.from_url(servers["bare"].url()) as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        assert "error limits.replica" in said(
            redis_servers.keeper("limits", "X", servers["bare"].url(), append_only=False)
        )
        client.execute_command("REPLICAOF", "NO", "ONE")


class Keeps(InMemoryStorage):
    def delete(self, name: str) -> None:
        """Refuses without saying so."""


class Damages(InMemoryStorage):
    def _save(self, name: str, content: Any) -> str:
        return str(super()._save(name, ContentFile(b"other")))  # type: ignore[misc]


@pytest.mark.parametrize(
    ("where", "expected"),
    [(InMemoryStorage(), []), (Keeps(), ["error storage.delete"]), (Damages(), ["error storage.damaged"])],
)
def test_files_come_back_as_they_went_and_go_when_told(where: InMemoryStorage, expected: list[str]) -> None:
    assert said(files.storage("PUBLIC_MEDIA_URL", where)) == expected


def test_a_storage_that_is_tried_is_left_clean(tmp_path: Path) -> None:
    assert said(files.storage("X", FileSystemStorage(location=tmp_path))) == []
    assert list(tmp_path.iterdir()) == []


class Hashed(StaticFilesStorage):
    hashed_files: dict[str, str] = {}


def test_static_files_must_all_be_collected(tmp_path: Path) -> None:
    where = Hashed(location=tmp_path)
    assert said(files.static_files("STATIC_DIR", StaticFilesStorage(location=tmp_path))) == ["error static.unhashed"]
    assert said(files.static_files("STATIC_DIR", where)) == ["error static.collected"]
    for finder in files.get_finders():
        where.hashed_files |= {path: "one.css" for path, _ in finder.list(None)}
    assert said(files.static_files("STATIC_DIR", where)) == ["error static.collected"], "the files themselves are gone"
    (tmp_path / "one.css").touch()
    assert said(files.static_files("STATIC_DIR", where)) == []


@pytest.mark.parametrize(
    ("total", "free", "expected"),
    [
        (100e9, 50e9, []), (100e9, 14e9, ["warning disk.full"]), (100e9, 4e9, ["error disk.full"]),
        (1e9, 4e8, ["warning disk.full"]), (10e12, 400e9, ["warning disk.full"]),
    ],
)  # fmt: skip
def test_room_on_the_disk(
    total: float, free: float, expected: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    class Usage:
        pass

    usage = Usage()
    usage.total, usage.free = int(total), int(free)  # type: ignore[attr-defined]
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: usage)
    assert said(files.room([tmp_path, tmp_path / "not" / "yet"])) == expected


@pytest.mark.parametrize(
    ("today", "python", "django", "expected"),
    [
        (date(2026, 11, 22), (3, 11), (5, 2), []),
        (date(2026, 11, 22), (3, 10), (5, 2), ["error python.old", "warning python.untried"]),
        (date(2026, 11, 22), (3, 11), (6, 0), ["warning django.untried"]),
        (date(2028, 1, 1), (3, 11), (5, 2), ["error python.unsupported"]),
        (date(2028, 6, 1), (3, 12), (5, 2), ["error django.unsupported"]),
    ],
)
def test_versions(today: date, python: tuple[int, int], django: tuple[int, int], expected: list[str]) -> None:
    assert said(host.versions(today, python, django)) == expected


def test_migrations_that_are_pending_are_counted(db: None) -> None:
    assert said(host.migrations("DATABASE_URL")) == []
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'carts'")
    assert said(host.migrations("DATABASE_URL")) == ["error migrations.pending"]
