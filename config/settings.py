"""Django's settings, grouped by floor. Safe by default: what weakens the hall must be asked for by name."""

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext

from config import broker
from config.alerts import alert_channels
from config.caches import caches
from config.cors import READ_HEADERS, SENT_HEADERS, cors
from config.databases import COMMAND_TIMEOUTS, WEB_TIMEOUTS, WORKER_TIMEOUTS, database, pool, replica
from config.env import flag, networks, refuse, secret, settle, text, words
from config.headers import content_security_policy, open_fonts, payment_origins, permissions_policy
from config.health import health
from config.limits import NO_LIMITS_OF_THE_LIBRARY, fixed_windows, limits
from config.logs import logging_settings
from config.mail import mail
from config.metrics import metrics
from config.rates import rates
from config.redis_urls import redis_url
from config.sentry import release, sentry, slow_query_ms
from config.sessions import sessions
from config.site import allowed_hosts, site_url
from config.storage import storage
from config.supervision import supervisor
from marketplace.core.money import BadMoney, digits

BASE_DIR = Path(__file__).resolve().parent.parent
# An admin class may name its model: ModelAdmin[Order].
django_stubs_ext.monkeypatch()

# --- config: the process itself -------------------------------------------------------------------------------------

# "web" holds a connection pool, "worker" has long time-outs, "command" is everything that manage.py runs.
PROCESS_KIND = text("PROCESS_KIND", "command")
DEBUG = flag("DEBUG", False)
SECRET_KEY = secret("SESSION_SECRET")
SECRET_KEY_FALLBACKS = words("SESSION_SECRET_FALLBACKS")
# Where buyers reach the hall; links in e-mails start with it. Plain http is for loopback only.
SITE_URL = site_url()
_site = urlsplit(SITE_URL)
SECURE = _site.scheme == "https"
ALLOWED_HOSTS = allowed_hosts(_site.hostname)
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "config.apps.AdminSite",
    "config.apps.Wiring",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "pgtrigger",
    "csp",
    "corsheaders",
    "django_htmx",
    "allauth",
    "allauth.account",
    "monitoring",
    "monitoring.requests",
    "monitoring.metrics",
    "monitoring.limits",
    "monitoring.errors",
    "monitoring.database",
    "monitoring.jobs",
    "monitoring.supervision",
    "monitoring.health",
    "monitoring.alerts",
    "monitoring.preflight",
    "monitoring.ops",
    "marketplace.core",
    "marketplace.accounts",
    "marketplace.rates",
    "marketplace.sessions",
    "marketplace.sellers",
    "marketplace.prices",
    "marketplace.catalog",
    "marketplace.inventory",
    "marketplace.carts",
    "marketplace.orders",
    "marketplace.notifications",
    "marketplace.imports",
    "marketplace.insights",
    "marketplace.dashboard",
    "marketplace.storefront",
    "payments",
]
# The order is part of what the hall promises: tests/config/test_middleware_order.py holds each place and its reason.
MIDDLEWARE = [
    "monitoring.requests.middleware.identify",  # first: whatever happens below carries the request's id
    "monitoring.requests.shutdown.guard",  # second: a stopping process refuses before anything reads a body
    "config.headers.site_headers",  # on every answer, refusals below included
    "monitoring.health.probes.probes",  # before hosts, redirects and sessions: a probe knows none of them
    "monitoring.requests.origin.middleware",  # errors and slow queries name their page
    "monitoring.metrics.middleware.timing",  # outside of all that may refuse: counts refusals too
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",  # files cost no limit, no session, no policy with nonces
    # Before everything that may refuse: a browser app must be able to read why.
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "monitoring.ops.status_page.middleware",  # before sessions and limits: it outlives the stores they need
    "config.own_writes.middleware",  # before anything that reads rows, or writes some
    "config.middleware.bounded_body",  # before the first that reads a form
    "config.middleware.personal_pages",  # before sessions, which note in Vary that they were read
    "config.middleware.plain_session_key",
    "marketplace.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",  # refuses hosts that are not ours
    "django.middleware.csrf.CsrfViewMiddleware",  # reads the body, but only when the view is about to run
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "monitoring.limits.middleware.limits",  # knows the user, and comes before any view reads a body
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "marketplace.storefront.cart_count.middleware",  # last: knows the user, and what the view has counted
]
ROOT_URLCONF = "config.urls"
CSRF_FAILURE_VIEW = "config.error_pages.csrf_failure"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
FORM_RENDERER = "django.forms.renderers.DjangoTemplates"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": False,
        "OPTIONS": {
            "environment": "config.jinja.environment",
            "context_processors": ["marketplace.storefront.shell.shell"],
        },
    },
    {
        # Only for what libraries bring: the admin.
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]

# --- config: stores -------------------------------------------------------------------------------------------------

# Read in every kind of process, so that a bad value stops all of them.
_POOL = pool()
_TIMEOUTS = {"web": WEB_TIMEOUTS, "worker": WORKER_TIMEOUTS}.get(PROCESS_KIND, COMMAND_TIMEOUTS)
DATABASES = {
    "default": database(
        text("DATABASE_URL"),
        name="DATABASE_URL",
        timeouts=_TIMEOUTS,
        pool=_POOL if PROCESS_KIND == "web" else None,
        application=f"awning-{PROCESS_KIND}",
    ),
}
if PROCESS_KIND == "web":  # whatever works in the background reads what is true now
    DATABASES |= replica(text("DATABASE_REPLICA_URL", ""), timeouts=_TIMEOUTS, pool=pool(), application="awning-web")

REDIS_URL = redis_url("REDIS_URL")
CELERY_BROKER_URL = broker.broker_url
CACHES = caches(REDIS_URL)
DJANGO_REDIS_LOG_IGNORED_EXCEPTIONS = True

STORAGES = {
    "default": storage("PUBLIC_MEDIA_URL", text("PUBLIC_MEDIA_URL", f"file://{BASE_DIR}/media"), public=True),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_URL = "/media/"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = Path(text("STATIC_DIR", str(BASE_DIR / "staticfiles")))
# Development and tests serve the sources; production serves hashed names that never change.
if flag("STATIC_UNHASHED", False):
    STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    WHITENOISE_USE_FINDERS = True

# --- config: headers ------------------------------------------------------------------------------------------------

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSIONS = sessions([SECRET_KEY, *SECRET_KEY_FALLBACKS], REDIS_URL)
SESSION_ENGINE, SESSION_COOKIE_AGE = "marketplace.sessions.store", int(SESSIONS.idle.total_seconds())
SECURE_SSL_REDIRECT = SECURE
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = SECURE
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Which other sites' browsers may call the API; whitenoise would otherwise open the static files to all of them.
CORS_ALLOWED_ORIGINS, CORS_URLS_REGEX = cors(production=SECURE)
CORS_ALLOW_ALL_ORIGINS = CORS_ALLOW_CREDENTIALS = False
CORS_ALLOW_HEADERS, CORS_EXPOSE_HEADERS, CORS_PREFLIGHT_MAX_AGE = SENT_HEADERS, READ_HEADERS, 600
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_ADD_HEADERS_FUNCTION = open_fonts

# --- payments -------------------------------------------------------------------------------------------------------

MARKET_CURRENCY = text("MARKET_CURRENCY", "EUR").upper()
try:
    digits(MARKET_CURRENCY)
except BadMoney:
    refuse("MARKET_CURRENCY", "is not a currency of ISO 4217 such as EUR.")
    MARKET_CURRENCY = "EUR"
STRIPE_SECRET_KEY = secret("STRIPE_SECRET_KEY")
STRIPE_PUBLISHABLE_KEY = text("STRIPE_PUBLISHABLE_KEY")
STRIPE_WEBHOOK_SECRET = secret("STRIPE_WEBHOOK_SECRET")
STRIPE_API_BASE = text("STRIPE_API_BASE", "https://api.stripe.com").rstrip("/")
_payment = payment_origins(STRIPE_API_BASE)
STRIPE_JS_URL = _payment.script_url
CONTENT_SECURITY_POLICY = content_security_policy(_payment, pictures=words("MEDIA_ORIGINS"))
PERMISSIONS_POLICY = permissions_policy(_payment)

# --- marketplace ----------------------------------------------------------------------------------------------------

RATES = rates()
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "marketplace.accounts.adapter.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
# A sign-up that must be confirmed by e-mail answers the same for known and unknown addresses.
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_RATE_LIMITS = NO_LIMITS_OF_THE_LIBRARY

DEFAULT_FROM_EMAIL = SERVER_EMAIL = text("MAIL_FROM", "Awning <hall@awning.test>")
_mail = mail()
EMAIL_BACKEND, EMAIL_FILE_PATH, BREVO_API_KEY = _mail.backend, _mail.folder, _mail.brevo_key
ANYMAIL = {"BREVO_API_KEY": BREVO_API_KEY, "REQUESTS_TIMEOUT": (3, 10)}

# --- monitoring -----------------------------------------------------------------------------------------------------

METRICS = metrics(production=SECURE)
# Our own proxies: only they are believed about the client's address.
TRUSTED_PROXIES = networks("TRUSTED_PROXIES")
LIMITS = limits(SECRET_KEY)
CACHES["ratelimit"] = fixed_windows(LIMITS.store_url)
RATELIMIT_USE_CACHE, RATELIMIT_FAIL_OPEN = "ratelimit", True
RATELIMIT_IP_META_KEY = "monitoring.requests.client_ip.client_ip"
RELEASE, SENTRY, SLOW_QUERY_MS = release(), sentry(_site.hostname or ""), slow_query_ms()

HEALTH = health(cache_url=REDIS_URL)
ALERTS = alert_channels(SITE_URL)
SUPERVISOR = supervisor()

LOGGING = logging_settings(process=PROCESS_KIND, debug=DEBUG)

# Everything is read: stop once, naming all that is bad.
settle()
