"""The servers that the environment names, asked by `manage.py preflight`; nothing is asked that the settings refused."""

import os
import tempfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.checks import CheckMessage
from django.core.files.storage import storages

from config import broker
from config.databases import WEB_TIMEOUTS, WORKER_TIMEOUTS, database, is_postgres, plain, through_pooler
from config.env import Environment, problems
from config.preflight import is_public
from config.storage import storage
from monitoring.preflight import files, host, postgres, redis_servers
from monitoring.preflight.findings import error
from monitoring.preflight.probes import Probe, add

EXTENSIONS: Final = ("pg_trgm", "unaccent")
# Three calls to a bucket that may be far away.
STORAGE_SECONDS: Final = 4.0
BREVO: Final = "https://api.brevo.com/v3"
DATABASE, REPLICA = "DATABASE_URL", "DATABASE_REPLICA_URL"
CACHE, LIMITS, BROKER = "REDIS_URL", "RATE_LIMIT_REDIS_URL", "CELERY_BROKER_URL"


def register() -> None:
    """Called when the apps are ready."""
    for name, variable, run in (
        ("postgres", DATABASE, partial(_with, DATABASE, _primary)),
        ("replica", REPLICA, partial(_with, REPLICA, _replica)),
        ("postgres.timeouts", DATABASE, partial(_limits_of_statements, DATABASE)),
        ("replica.timeouts", REPLICA, partial(_limits_of_statements, REPLICA)),
        ("migrations", DATABASE, partial(_with, DATABASE, lambda url: host.migrations(DATABASE))),
        ("cache", CACHE, partial(_with, CACHE, partial(redis_servers.cache, "cache", CACHE))),
        ("limits", LIMITS, partial(_with, LIMITS, partial(redis_servers.keeper, "limits", LIMITS, append_only=False))),
        ("broker", BROKER, partial(_with, BROKER, partial(redis_servers.keeper, "broker", BROKER, append_only=True))),
        ("redis.shared", BROKER, _shared),
        ("redis.same_database", LIMITS, _together),
        ("static", "STATIC_DIR", _static),
        ("disk", "", _room),
        ("versions", "", lambda: host.versions(datetime.now(UTC).date())),
    ):
        add(Probe(name, variable, run))
    add(Probe("storage.public", "PUBLIC_MEDIA_URL", _public_files, timeout=STORAGE_SECONDS))
    add(Probe("storage.private", "PRIVATE_MEDIA_URL", _private_files, timeout=STORAGE_SECONDS))
    add(Probe("mail", "BREVO_API_KEY", _mail, timeout=STORAGE_SECONDS, online=True))


def _value(name: str) -> str:
    """The variable, "" when it is unset or was refused."""
    if name in {problem.variable for problem in problems()}:
        return ""
    return Environment(os.environ).raw(name) or ""


def _with(name: str, run: Callable[[str], Iterator[CheckMessage]]) -> Iterator[CheckMessage]:
    """Runs with the variable's value, not without one."""
    if value := _value(name):
        yield from run(plain(value) if name in (DATABASE, REPLICA) else value)


def _primary(url: str) -> Iterator[CheckMessage]:
    if is_postgres(url):
        yield from postgres.primary(DATABASE, url, extensions=EXTENSIONS, connections=fleet)


def _replica(url: str) -> Iterator[CheckMessage]:
    if not is_postgres(url):
        yield error(
            "replica", REPLICA, "does not look like postgres://user:password@host:5432/database.", hint="Mend it."
        )
    elif primary := _value(DATABASE):
        yield from postgres.replica(REPLICA, url, of=plain(primary))


def _limits_of_statements(name: str) -> Iterator[CheckMessage]:
    """The connection that a web process would have, asked for what holds on it: a pooler may drop what it was sent."""
    if not is_postgres(url := _value(name)):
        return
    known = database(url, name=name, timeouts=WEB_TIMEOUTS, pool=None, application="awning-preflight")
    accepted = (WEB_TIMEOUTS, WORKER_TIMEOUTS) if through_pooler(url) else (WEB_TIMEOUTS,)
    yield from postgres.timeouts(name, plain(url), options=known["OPTIONS"].get("options"), accepted=accepted)


def fleet() -> int:
    """The most connections that the processes of this environment open together."""
    seen = Environment(os.environ)
    web = seen.number("WEB_WORKERS", 2, least=1) * seen.number("DB_POOL_MAX", 10, least=1)
    # One worker for each queue, as in the Procfile: bulk has one process.
    workers = 2 * broker.worker_concurrency + 1
    beat, sweep, command = 1, 1, 1
    return web + workers + beat + sweep + command


def _shared() -> Iterator[CheckMessage]:
    if (cache := _value(CACHE)) and (broker := _value(BROKER)):
        yield from redis_servers.apart(BROKER, broker, other=CACHE, other_url=cache)


def _together() -> Iterator[CheckMessage]:
    if (limits := _value(LIMITS)) and (broker := _value(BROKER)):
        yield from redis_servers.together(LIMITS, limits, other=BROKER, other_url=broker)


def _public_files() -> Iterator[CheckMessage]:
    if "PUBLIC_MEDIA_URL" not in {problem.variable for problem in problems()}:
        yield from files.storage("PUBLIC_MEDIA_URL", storages["default"])


def _private_files() -> Iterator[CheckMessage]:
    name = "PRIVATE_MEDIA_URL"
    if value := _value(name):
        yield from files.storage(name, storages.create_storage(storage(name, value, public=False)))


def _static() -> Iterator[CheckMessage]:
    # Development serves the sources on purpose.
    if is_public() or not settings.STORAGES["staticfiles"]["BACKEND"].endswith(".StaticFilesStorage"):
        yield from files.static_files("STATIC_DIR", staticfiles_storage)


def _room() -> Iterator[CheckMessage]:
    media = settings.STORAGES["default"].get("OPTIONS", {}).get("location")
    folders = [settings.BASE_DIR, Path(settings.STATIC_ROOT), Path(tempfile.gettempdir())]
    if str(media or "").startswith("/"):
        folders.append(Path(media))
    yield from files.room(folders)


def _mail(base: str = BREVO) -> Iterator[CheckMessage]:
    """Asks the e-mail service whose key this is; it sends nothing."""
    if not (key := settings.BREVO_API_KEY):
        return
    request = Request(f"{base}/account", headers={"api-key": key, "Accept": "application/json"})  # noqa: S310 - https
    try:
        with urlopen(request, timeout=3):  # noqa: S310 - the address is ours
            return
    except HTTPError as refusal:
        refusal.close()
        yield error(
            "mail.refused", "BREVO_API_KEY", f"is refused by the e-mail service (status {refusal.code}).",
            hint="Make a new key in Brevo, and allow this machine's address there.",
        )  # fmt: skip
