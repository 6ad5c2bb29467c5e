"""The rules and the dashboard that we ship: valid, tested both ways, and about figures that exist."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client

from tests.monitoring.metrics.promtool import promtool

OPERATIONS = Path(__file__).resolve().parents[3] / "docs" / "operations"
RULES = OPERATIONS / "prometheus" / "awning.rules.yml"
TESTS = OPERATIONS / "prometheus" / "awning.rules.test.yml"
DASHBOARD = OPERATIONS / "prometheus" / "awning.dashboard.json"


def split(text: str, start: str) -> list[str]:
    """The parts of a YAML list that begin with `start`, as text: promtool has checked that it is YAML."""
    return re.split(rf"^ *- (?={start}: )", text, flags=re.MULTILINE)[1:]


def field(part: str, name: str) -> str:
    found = re.search(rf"^ *(?:- )?{name}: ?\"?(.+?)\"?$", part, re.MULTILINE)
    assert found is not None, f"no {name} in {part}"
    return found[1]


def expressions() -> list[str]:
    parts = [*split(RULES.read_text(), "record"), *alerts()]
    return [part.partition("expr:")[2].partition("\n        for:")[0] for part in parts]


def alerts() -> list[str]:
    return split(RULES.read_text(), "alert")


def queries() -> list[str]:
    panels = json.loads(DASHBOARD.read_text())["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


def test_promtool_accepts_the_rules() -> None:
    checked = promtool("check", "rules", str(RULES))
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_every_alert_fires_and_keeps_still() -> None:
    tested = promtool("test", "rules", str(TESTS))
    assert tested.returncode == 0, (tested.stdout + tested.stderr).decode()


def test_no_alert_is_without_its_two_tests() -> None:
    cases = split(TESTS.read_text(), "eval_time")
    still = [field(case, "alertname") for case in cases if "exp_alerts: []" in case]
    fires = [field(case, "alertname") for case in cases if "exp_labels" in case]
    assert sorted(fires) == sorted(still) == sorted(field(alert, "alert") for alert in alerts())
    assert len(alerts()) > 20


@pytest.mark.parametrize("alert", alerts(), ids=lambda alert: field(alert, "alert"))
def test_every_alert_says_what_is_wrong_and_what_to_do(alert: str) -> None:
    assert field(alert, "labels") in ("{severity: page}", "{severity: ticket}")
    assert field(alert, "summary").endswith(".")
    path, _, anchor = field(alert, "runbook").partition("#")
    assert path == "docs/operations/metrics.md"
    assert f"### {anchor}\n" in (OPERATIONS / "metrics.md").read_text()


@pytest.mark.django_db(transaction=True)
def test_every_figure_in_rules_and_dashboard_exists(client: Client, token: str) -> None:
    """Against our real page: a renamed figure must not silence an alert."""
    page = client.get("/metrics", headers={"authorization": f"Bearer {token}"}).content.decode()
    kinds = dict(re.findall(r"^# TYPE (awning_\w+) (\w+)$", page, re.MULTILINE))
    known = set(kinds) | {
        f"{name}{suffix}"
        for name, kind in kinds.items()
        if kind == "histogram"
        for suffix in ("_bucket", "_count", "_sum")
    }
    recorded = set(re.findall(r"- record: (\S+)$", RULES.read_text(), re.MULTILINE))
    texts = expressions() + queries()
    assert len(expressions()) == len(alerts()) + len(recorded)
    used = {name for text in texts for name in re.findall(r"\bawning_\w+", text)}
    assert len(used) > 30
    assert used <= known, f"nobody counts {sorted(used - known)}"
    named = {name for text in texts for name in re.findall(r"\bawning:[\w:]+", text)}
    assert named <= recorded, f"no rule records {sorted(named - recorded)}"


def test_the_dashboard_is_one_that_grafana_can_import() -> None:
    board = json.loads(DASHBOARD.read_text())
    assert board["uid"] == "awning-hall"
    (variable,) = board["templating"]["list"]
    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    numbers = [panel["id"] for panel in board["panels"]]
    assert len(numbers) == len(set(numbers))
    rows = [panel["title"] for panel in board["panels"] if panel["type"] == "row"]
    assert rows == ["Traffic", "Errors", "Latency", "Saturation", "Queues", "Money"]
    for panel in board["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        for target in panel.get("targets", ()):
            assert target["datasource"]["uid"] == panel["datasource"]["uid"] == "${datasource}"


def test_every_query_of_the_dashboard_is_one_that_prometheus_understands(tmp_path: Path) -> None:
    wrapped = [
        {"record": f"panel:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries())
    ]
    file = tmp_path / "panels.yml"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": wrapped}]}))
    checked = promtool("check", "rules", str(file))
    assert checked.returncode == 0, checked.stdout + checked.stderr
