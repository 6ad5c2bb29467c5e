"""`.env.example` names every variable that is promised or read, with a line of meaning, and none besides."""

import ast
import re
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
READERS = {"text", "flag", "number", "seconds", "words", "secret"}
# What operators were promised: names the outside world relies on, whether a module reads them yet or not.
PROMISED = set(
    re.findall(
        r"\w+",
        """
    DATABASE_URL DATABASE_REPLICA_URL REDIS_URL RATE_LIMIT_REDIS_URL CELERY_BROKER_URL SESSION_SECRET SESSION_SECRET_FALLBACKS
    ALLOWED_HOSTS CORS_ALLOWED_ORIGINS TRUSTED_PROXIES STRIPE_SECRET_KEY STRIPE_PUBLISHABLE_KEY STRIPE_WEBHOOK_SECRET
    STRIPE_API_BASE BREVO_API_KEY PUBLIC_MEDIA_URL PRIVATE_MEDIA_URL COINGECKO_API_KEY RATES_API_BASE SENTRY_DSN HEALTH_TOKEN
    METRICS_TOKEN DB_POOL_MIN DB_POOL_MAX RATE_LIMIT_DEFAULT RATE_LIMIT_EXPENSIVE RATE_LIMIT_BURST RATE_LIMIT_CONCURRENT
    DEPLOY_ERROR_THRESHOLD DEPLOY_P99_THRESHOLD DEPLOY_MEMORY_THRESHOLD DEPLOY_CPU_THRESHOLD MARKET_CURRENCY
    """,
    )
)


def documented() -> dict[str, int]:
    """Return each name with the number of its line."""
    lines = (PROJECT / ".env.example").read_text().splitlines()
    found = {}
    for number, line in enumerate(lines):
        if match := re.match(r"#?([A-Z][A-Z0-9_]*)=", line):
            assert match[1] not in found, f"{match[1]} is there twice"
            found[match[1]] = number
    return found


def names_read(source: str) -> set[str]:
    """Return the variables that a module reads through config.env."""
    calls = (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))
    return {
        call.args[0].value
        for call in calls
        if isinstance(call.func, ast.Name) and call.func.id in READERS
        if call.args and isinstance(call.args[0], ast.Constant) and isinstance(call.args[0].value, str)
    }


def read_by_the_code() -> set[str]:
    modules = [path for path in (PROJECT / "config").glob("*.py") if path.name != "env.py"]
    return set().union(*(names_read(module.read_text()) for module in modules))


def test_the_reading_of_variables_is_recognised() -> None:
    assert names_read('A = text("SITE_URL", "x")\nB = [*words("HOSTS")]\nC = other("NOT_THIS")') == {
        "SITE_URL",
        "HOSTS",
    }
    assert {"DATABASE_URL", "SESSION_SECRET"} <= read_by_the_code()


def test_every_variable_is_documented_and_none_besides() -> None:
    assert set(documented()) == PROMISED | read_by_the_code()


def test_every_variable_has_a_line_of_meaning() -> None:
    lines = (PROJECT / ".env.example").read_text().splitlines()
    for name, number in documented().items():
        above = number
        while re.match(r"#?[A-Z][A-Z0-9_]*=", lines[above]):
            above -= 1
        assert re.match(r"# [A-Z].{15,}", lines[above]), f"{name} has no line of meaning above it"
