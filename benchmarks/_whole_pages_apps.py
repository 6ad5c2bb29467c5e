"""The servers that whole pages are measured beside: `python -m benchmarks._whole_pages_apps NAME PORT`, one granian each."""

import os
import sys
from typing import Any

from granian import Granian
from granian.constants import Interfaces

# Threads of the one worker: as many as a process of the hall has by default.
THREADS = 4
BODY = b"Hello, world!"
# A product's page has 16 KB and a dozen headers, two of them of 300 and more characters.
LONG_BODY = b"<p>Hello, world!</p>" * 800
HEADERS = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "x" * 320),
    ("Permissions-Policy", "x" * 420),
    *((f"X-Header-{number}", "x" * 20) for number in range(9)),
]


def raw(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The least that a WSGI application can do."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(BODY)))])
    return [BODY]


def raw_page(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """The same, with as many bytes and headers as a page of ours."""
    start_response("200 OK", [*HEADERS, ("Content-Length", str(len(LONG_BODY)))])
    return [LONG_BODY]


def _hello(standard: bool) -> Any:
    """Django with one view: bare, or with its standard middleware, a session and the user's name on the page."""
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpRequest, HttpResponse
    from django.urls import path

    def hello(request: HttpRequest) -> HttpResponse:
        body = f"Hello, {request.user.get_username()}!".encode() if standard else BODY
        return HttpResponse(body, headers={"Content-Length": str(len(body))})

    urls = type("Urls", (), {"urlpatterns": [path("hello/", hello)]})
    settings.configure(**_settings(standard), ROOT_URLCONF=urls)
    import django

    django.setup()
    return WSGIHandler()


def _settings(standard: bool) -> dict[str, Any]:
    common: dict[str, Any] = {
        "SECRET_KEY": "bench",
        "ALLOWED_HOSTS": ["127.0.0.1"],
        "USE_TZ": True,
        "LOGGING_CONFIG": None,
    }
    if not standard:
        return common | {"MIDDLEWARE": []}
    from config.databases import database

    # A schema of its own, in the connections that Django's documentation calls fastest.
    settings = database(
        os.environ["DATABASE_URL"],
        name="DATABASE_URL",
        timeouts={},
        pool=None,
        application="std",
    ) | {"ENGINE": "django.db.backends.postgresql", "CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": False}
    settings["OPTIONS"] |= {"options": "-c search_path=bench_std"}
    return common | {
        "DATABASES": {"default": settings},
        "INSTALLED_APPS": [
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "django.contrib.messages",
        ],
        "MIDDLEWARE": [
            "django.middleware.security.SecurityMiddleware",
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.common.CommonMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
            "django.contrib.messages.middleware.MessageMiddleware",
            "django.middleware.clickjacking.XFrameOptionsMiddleware",
        ],
        "SESSION_ENGINE": "django.contrib.sessions.backends.cached_db",
        "CACHES": {
            "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": os.environ["REDIS_URL"]}
        },
    }


def _ours(memory: bool) -> Any:
    from config.wsgi import application
    from marketplace.core import cache

    if not memory:
        # Nothing fits: every page comes from Redis.
        cache.engine().local.most = 0
    return application


def sign_in() -> str:
    """Makes the reference's tables and a user in a schema of their own; prints the key of their session."""
    _hello(standard=True)
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.auth.models import User
    from django.contrib.sessions.backends.cached_db import SessionStore
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS bench_std")
    call_command("migrate", verbosity=0)
    user, _ = User.objects.get_or_create(username="mira")
    session = SessionStore()
    session[SESSION_KEY], session[HASH_SESSION_KEY] = str(user.pk), user.get_session_auth_hash()
    session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    session.save()
    return str(session.session_key)


def load(name: str) -> Any:
    """The application of that name."""
    match name:
        case "raw":
            return raw
        case "raw_page":
            return raw_page
        case "bare" | "standard":
            return _hello(standard=name == "standard")
        case _:
            return _ours(memory=name == "memory")


if __name__ == "__main__":
    if sys.argv[1] == "sign-in":
        print(sign_in())
    else:
        os.environ["PROCESS_KIND"] = "web"
        Granian(
            f"benchmarks._whole_pages_apps:{sys.argv[1]}",
            port=int(sys.argv[2]),
            interface=Interfaces.WSGI,
            workers=1,
            blocking_threads=THREADS,
            websockets=False,
            log_enabled=False,
            factory=False,
        ).serve(target_loader=lambda *_, **__: load(sys.argv[1]))
