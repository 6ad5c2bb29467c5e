"""The hall's own rules, all of them, over an empty database and over one in trouble."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from marketplace.core import alert_rules as core
from marketplace.core import partition_watch, partitions
from marketplace.insights import alert_rules as insights
from marketplace.rates import alert_rules as rates
from marketplace.rates.coins import PAIRS
from marketplace.rates.tiers import ACCEPTABLE
from monitoring.alerts import evaluation, jobs, registry, sources
from monitoring.alerts.models import Alert, Standing
from monitoring.health import registry as health
from monitoring.health.registry import Check, Finding
from monitoring.jobs.models import PeriodicJob
from payments import alert_rules as payments
from tests.monitoring.alerts.test_sources import sampled
from tests.monitoring.ops.making import a_dead_task

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hall_rules", "other_floors")]
PROJECT = Path(__file__).resolve().parents[3]
MINUTE = timedelta(minutes=1)


@pytest.fixture
def other_floors(hall_rules: None) -> None:
    core.register()
    payments.register()
    insights.register()
    rates.register()
    registry.register(partition_watch._running_out())
    jobs.register_rules()


@pytest.fixture
def only_checks() -> Iterator[dict[str, Check]]:
    """The health checks that the test registers, and no others."""
    saved = dict(health._checks)
    health._checks.clear()
    yield health._checks
    health._checks.clear()
    health._checks.update(saved)


def test_every_rule_can_be_read_in_an_empty_hall(
    now: datetime, caplog: pytest.LogCaptureFixture, only_checks: object
) -> None:
    assert evaluation.evaluate(now=now)
    assert "alerts.unreadable" not in caplog.messages
    assert list(Alert.objects.values_list("rule", "subject", "text")) == []
    assert not Standing.objects.filter(text="could not be read").exists()


def test_an_empty_hall_is_not_called_well(now: datetime, only_checks: object) -> None:
    evaluation.evaluate(now=now)
    states = dict(Standing.objects.values_list("rule", "state"))
    for name in ("error_share", "response_p95", "memory_high", "disk_fills_today", "payment_failures", "outbox_late"):
        assert states[name] == "missing", name


@pytest.mark.parametrize(
    ("name", "sample", "values", "bad"),
    [
        ("error_share", "request", [0.1] * 100, 6),
        ("response_p95", "request", [0.1] * 90 + [6.0] * 10, 0),
        ("disk_high", "disk", [0.86], 0),
        ("memory_high", "memory", [0.86], 0),
        ("cpu_high", "cpu", [0.9] * 6, 0),
        ("pool_high", "pool", [0.9], 0),
        ("query_slow", "query", [5.5], 0),
        ("signup_failures", "signup", [0.1] * 20, 3),
        ("payment_failures", "payment", [0.1] * 20, 2),
        ("task_failures", "task", [0.1] * 20, 3),
        ("outbox_late", "outbox_age_s", [61.0], 0),
        ("outbox_dead", "outbox_dead", [1.0], 0),
        ("inbox_late", "inbox_age_s", [301.0], 0),
        ("inbox_dead", "inbox_dead", [1.0], 0),
        ("ledger_unbalanced", "ledger_unbalanced", [1.0], 0),
        ("queue_critical_long", "queue_depth.critical", [101.0], 0),
        ("queue_default_long", "queue_depth.default", [501.0], 0),
        ("queue_bulk_long", "queue_depth.bulk", [5001.0], 0),
        ("view_stale", "view_stale_s", [901.0], 0),
    ],
)
def test_trouble_that_lasts_fires_its_rule(
    now: datetime, only_checks: object, name: str, sample: str, values: list[float], bad: int
) -> None:
    for minutes in range(-5, 21):
        sampled(sample, now + minutes * MINUTE, *values, bad=bad)
    rule = registry.find(name)
    assert rule is not None
    fired_after = None
    for seconds in range(0, 20 * 60, 15):
        evaluation.evaluate(now=now + timedelta(seconds=seconds))
        if fired_after is None and Alert.objects.filter(rule=name).exists():
            fired_after = timedelta(seconds=seconds)
            break
    assert fired_after == rule.hold


@pytest.mark.parametrize("second", [0, 30, 59])
@pytest.mark.parametrize(
    ("name", "sample", "usual", "peak"),
    [
        ("memory_high", "memory", 0.5, 0.99),
        ("disk_high", "disk", 0.5, 0.99),
        ("pool_high", "pool", 0.1, 1.0),
        ("cpu_high", "cpu", 0.2, 1.0),
        ("outbox_late", "outbox_age_s", 0.0, 90.0),
        ("inbox_late", "inbox_age_s", 0.0, 400.0),
        ("queue_critical_long", "queue_depth.critical", 0.0, 1000.0),
        ("view_stale", "view_stale_s", 0.0, 5000.0),
    ],
)
def test_one_moment_fires_nothing(
    now: datetime, only_checks: object, name: str, sample: str, usual: float, peak: float, second: int
) -> None:
    minute = now.replace(second=0, microsecond=0)
    for number in range(-5, 12):
        sampled(sample, minute + number * MINUTE, *[usual] * 3, peak if number == 0 else usual)
    for seconds in range(second, 10 * 60, 15):
        evaluation.evaluate(now=minute + timedelta(seconds=seconds))
    assert Standing.objects.get(rule=name).state == "ok"
    assert not Alert.objects.filter(rule=name).exists()


@pytest.mark.parametrize(
    ("name", "trouble"),
    [
        ("job_overdue", "an_overdue_job"),
        ("tasks_dead", "a_dead_task"),
        ("rates_old", "old_rates"),
        ("rates_missing", "no_rates"),
        ("partitions_short", "no_month_ahead"),
    ],
)
def test_trouble_that_stands_in_the_database_fires_its_rule(
    now: datetime, only_checks: object, name: str, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _make(trouble, now, monkeypatch)
    rule = registry.find(name)
    assert rule is not None
    for seconds in range(0, int(rule.hold.total_seconds()) + 1, 15):
        assert not Alert.objects.filter(rule=name).exists()
        evaluation.evaluate(now=now + timedelta(seconds=seconds))
    assert Alert.objects.filter(rule=name).exists()


def _make(trouble: str, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    if trouble == "an_overdue_job":
        PeriodicJob.objects.create(name="payments.reconcile", added_at=now - timedelta(days=1))
    elif trouble == "a_dead_task":
        a_dead_task(now)
    elif trouble == "no_month_ahead":
        monkeypatch.setattr(partitions, "months_ahead", lambda *args, **kwargs: 0)
    else:
        age = ACCEPTABLE.total_seconds() + 1 if trouble == "old_rates" else 0.0
        monkeypatch.setattr("marketplace.rates.queries.youngest", lambda *, now: age)
        monkeypatch.setattr("marketplace.rates.queries.unusable", lambda *, now: len(PAIRS))


def test_a_disk_that_fills_is_foretold(now: datetime, only_checks: object) -> None:
    for minutes in range(0, 361, 5):
        sampled("disk", now - minutes * MINUTE, 0.7 - 0.06 * minutes / 60)
    for seconds in range(0, 11 * 60, 15):
        evaluation.evaluate(now=now + timedelta(seconds=seconds))
    alerts = {alert.rule: alert for alert in Alert.objects.all()}
    assert alerts["disk_fills_today"].text == "disk full in about 5 h"
    assert alerts["disk_fills_today"].severity == "page"
    assert "disk_high" not in alerts


def test_a_failed_check_is_told_and_a_warning_is_not(now: datetime, only_checks: dict[str, Check]) -> None:
    health.register(Check("limits", run=lambda: Finding("failed", "The store does not answer.")))
    health.register(Check("cache", run=lambda: Finding("warning", "Slow.")))
    health.register(Check("alerts", run=lambda: Finding("failed", "Stale.")))
    health.register(Check("postgresql", run=lambda: Finding("ok"), vital=True))
    found = {reading.subject: (reading.value, reading.text) for reading in sources.checks(vital=False)(now)}
    assert found == {"limits": (2.0, "The store does not answer."), "cache": (1.0, "Slow.")}
    assert [reading.subject for reading in sources.checks(vital=True)(now)] == ["postgresql"]
    rule = registry.find("check_failed")
    assert rule is not None
    assert rule.breached_by(2.0)
    assert not rule.breached_by(1.0)


def test_every_runbook_is_there() -> None:
    for rule in registry.rules():
        page, _, section = rule.runbook.partition("#")
        text = (PROJECT / page).read_text(encoding="utf-8")
        headings = {
            line.lstrip("# ").strip().lower().replace(" ", "-") for line in text.splitlines() if line.startswith("#")
        }
        assert not section or section in headings, f"{rule.name}: no section {section!r} in {page}"
