"""House limits that no linter checks."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FLOORS = ("config", "payments", "marketplace", "monitoring")
INTERFACES = ("dashboard", "storefront", "api", "live")


def sources() -> Iterator[Path]:
    for floor in FLOORS:
        yield from (path for path in sorted((ROOT / floor).rglob("*.py")) if "migrations" not in path.parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


SOURCES = list(sources())


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 100


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 400, f"{name(path)} holds more than one room: split it"
    long = [
        f"{node.name} ({lines} lines)"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > 40
    ]
    assert not long, f"{name(path)}: {', '.join(long)}"


def test_domain_apps_have_no_views_and_interfaces_no_models() -> None:
    apps = [path for path in (ROOT / "marketplace").iterdir() if (path / "apps.py").exists()]
    assert apps
    for app in apps:
        forbidden = ("models.py", "migrations") if app.name in INTERFACES else ("views.py", "urls.py", "views")
        found = [entry for entry in forbidden if (app / entry).exists() and any((app / entry).glob("0*.py"))] + [
            entry for entry in forbidden if (app / entry).is_file()
        ]
        assert not found, f"marketplace/{app.name} must not have {found}"


def test_no_drawer_for_everything() -> None:
    drawers = [name(path) for path in SOURCES if path.stem in ("utils", "helpers", "misc", "common")]
    assert not drawers, f"say what it is: {drawers}"


def test_settings_are_read_at_the_edge_only() -> None:
    """Inside the floors, an app's configuration is an attribute of its AppConfig."""
    readers = [
        name(path)
        for path in SOURCES
        if path.parts[len(ROOT.parts)] != "config"
        and path.name not in ("apps.py", "models.py")
        and "from django.conf import settings" in path.read_text(encoding="utf-8")
    ]
    assert not readers, f"take it from the AppConfig: {readers}"


def test_signals_are_djangos_own() -> None:
    makers = [name(path) for path in SOURCES if "django.dispatch import Signal" in path.read_text(encoding="utf-8")]
    assert not makers


def test_claims_take_no_more_than_they_ask_for() -> None:
    """PostgreSQL may run a subquery after IN once per row, each time locking others; ANY(ARRAY(…)) is run once."""
    greedy = re.compile(r"""\bIN\s*\(\s*SELECT\b[^;"]*?SKIP LOCKED""")
    assert greedy.search("WHERE id IN (\n SELECT id FROM t LIMIT 1 FOR UPDATE SKIP LOCKED)")
    assert not [name(path) for path in SOURCES if greedy.search(path.read_text(encoding="utf-8"))]
