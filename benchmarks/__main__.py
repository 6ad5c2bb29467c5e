"""`make bench`: runs every benchmark module on servers of its own, prints a table and writes results/latest.json.

A module of this folder is a benchmark when it has ``run() -> dict[str, Entry]``. ``ONLY=substring`` runs the modules
and keeps the figures whose name contains it; figures that were not run keep their last value. Exit 1 if one that ran
missed its target.
"""

import importlib
import json
import os
import pkgutil
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.entries import Entry
from config.embedded.ports import free_port
from config.embedded.servers import Servers, ServersPlan

HERE = Path(__file__).parent
LATEST = HERE / "results" / "latest.json"
ENVIRONMENT = {
    "SESSION_SECRET": "benchmark-session-secret-0123456789-abcdefghijkl",
    "STRIPE_SECRET_KEY": "sk_test_awning",
    "STRIPE_PUBLISHABLE_KEY": "pk_test_awning",
    "STRIPE_WEBHOOK_SECRET": "whsec_awning_benchmarks",
    "LOG_LEVEL": "ERROR",
    "STATIC_UNHASHED": "1",
    # A benchmark is one client in a hurry; the limits have benchmarks of their own.
    **dict.fromkeys(("RATE_LIMIT_DEFAULT", "RATE_LIMIT_ANONYMOUS", "RATE_LIMIT_BURST"), "100000/minute"),
    "RATE_LIMIT_CONCURRENT": "1000;1000",
}


def main() -> int:
    """Runs what was asked for and returns the exit status."""
    only = os.environ.get("ONLY", "")
    with tempfile.TemporaryDirectory(prefix="awning-bench-", ignore_cleanup_errors=True) as home:
        Path(home).chmod(0o755)
        plan = ServersPlan(
            home=Path(home), logs=Path(home) / "logs", password="benchmarks", given=os.environ, durable=True
        )
        servers = Servers(plan)
        try:
            _prepare(servers.variables, Path(home))
            results = {name: entry for run in _modules(only) for name, entry in run().items() if only in name}
        finally:
            servers.stop()
    if not results:
        print(f"No benchmark is called like {only!r}.")
        return 2
    _write(results)
    _print(results)
    return 0 if all(entry["ok"] for entry in results.values()) else 1


def _prepare(variables: dict[str, str], home: Path) -> None:
    os.environ.update(ENVIRONMENT | variables)
    os.environ["PUBLIC_MEDIA_URL"] = f"file://{home}/media"
    os.environ["STRIPE_API_BASE"] = f"http://127.0.0.1:{free_port()}"
    os.environ["SITE_URL"] = f"http://127.0.0.1:{free_port()}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)


def _modules(only: str) -> list[Callable[[], dict[str, Entry]]]:
    """The benchmarks to run; a module states the prefix of its figures in NAMES."""
    found = []
    for info in sorted(pkgutil.iter_modules([str(HERE)]), key=lambda info: info.name):
        if info.name.startswith("_") or info.name == "entries":
            continue
        module: Any = importlib.import_module(f"benchmarks.{info.name}")
        names: tuple[str, ...] = getattr(module, "NAMES", ())
        if hasattr(module, "run") and (not only or any(only in name for name in names)):
            found.append(_timed(info.name, module.run))
    return found


def _timed(name: str, run: Callable[[], dict[str, Entry]]) -> Callable[[], dict[str, Entry]]:
    def timed() -> dict[str, Entry]:
        print(f"· {name} …", end="", flush=True)
        begin = time.monotonic()
        entries = run()
        print(f" {time.monotonic() - begin:.0f} s")
        return entries

    return timed


def _write(results: dict[str, Entry]) -> None:
    LATEST.parent.mkdir(exist_ok=True)
    known: dict[str, Entry] = json.loads(LATEST.read_text()) if LATEST.exists() else {}
    LATEST.write_text(json.dumps(dict(sorted((known | results).items())), indent=2, ensure_ascii=False) + "\n")


def _print(results: dict[str, Entry]) -> None:
    width = max(map(len, results))
    for name, entry in sorted(results.items()):
        verdict = "ok  " if entry["ok"] else "MISS"
        print(f"{verdict} {name:<{width}} {entry['value']:>12,.3f} {entry['unit']:<18} target {entry['target']}")


if __name__ == "__main__":
    sys.exit(main())
