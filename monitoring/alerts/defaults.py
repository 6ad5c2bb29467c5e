"""The rules every hall has: CONTRACT's targets as warnings, and the thresholds at which somebody must act.

One minute's samples are written within ten seconds, so windows of minutes lag by that much.
"""

from datetime import timedelta

from monitoring.alerts import sources, trends
from monitoring.alerts.registry import register
from monitoring.alerts.rules import Reader, Rule

RUNBOOK = "docs/operations/alerts.md"
_SECOND, _MINUTE, _HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)


def register_defaults() -> None:
    """Registers the rules over what monitoring measures itself."""
    register(*_requests(), *_targets(), *_levels(), *_trends(), *_work(), *_people())
    register(*_errors(), *_processes(), *_checks(), *_own())


def _requests() -> list[Rule]:
    return [
        Rule(
            name="response_p95",
            title="Pages answer slowly",
            severity="page",
            read=sources.sampled("request", 5 * _MINUTE, sources.quantile(0.95), what="requests in 5 min"),
            threshold=2.0,
            clear=1.5,
            unit="duration",
            least=50,
            hold=2 * _MINUTE,
            clear_for=5 * _MINUTE,
            give_up=_HOUR,
            advice="Look at slow queries, the pool and the processor on /ops/; undo the last release, or add processes.",
            runbook=f"{RUNBOOK}#response_p95",
        ),
        Rule(
            name="error_share",
            title="Requests fail",
            severity="page",
            read=sources.sampled("request", 5 * _MINUTE, sources.share_bad, what="requests in 5 min"),
            threshold=0.05,
            clear=0.02,
            unit="share",
            least=50,
            hold=_MINUTE,
            clear_for=5 * _MINUTE,
            give_up=_HOUR,
            advice="Look at the open errors and the failing checks on /ops/; undo the last release if it began with it.",
            runbook=f"{RUNBOOK}#error_share",
        ),
    ]


def _targets() -> list[Rule]:
    """CONTRACT: p95 below 500 ms, p99 below 1 s, errors below 0.1 %. Missed for long they are a warning."""

    def target(
        name: str, title: str, measure: sources.Measure, threshold: float, clear: float, unit: str, least: int
    ) -> Rule:
        return Rule(
            name=name,
            title=title,
            severity="warning",
            read=sources.sampled("request", _HOUR, measure, what="requests in 1 h"),
            threshold=threshold,
            clear=clear,
            unit="share" if unit == "share" else "duration",
            least=least,
            hold=15 * _MINUTE,
            clear_for=30 * _MINUTE,
            give_up=3 * _HOUR,
            advice="Nobody needs to get up: compare releases and routes on the dashboard in the morning.",
            runbook=f"{RUNBOOK}#targets",
        )

    return [
        target("target_p95", "95 of 100 pages miss 500 ms", sources.quantile(0.95), 0.5, 0.4, "duration", 200),
        target("target_p99", "99 of 100 pages miss 1 s", sources.quantile(0.99), 1.0, 0.8, "duration", 1000),
        target("target_errors", "More than 1 request in 1,000 fails", sources.share_bad, 0.001, 0.0005, "share", 5000),
    ]


def _levels() -> list[Rule]:
    def level(name: str, title: str, limit: float, measure: sources.Measure, hold: timedelta, advice: str) -> Rule:
        # The highest of a window stays for as long as the window (and up to a minute more): a hold that is no longer
        # than that would let one moment fire.
        span = _MINUTE if measure is sources.highest else 3 * _MINUTE
        return Rule(
            name=f"{name}_high",
            title=title,
            severity="page" if name in ("disk", "memory") else "warning",
            read=sources.sampled(name, span, measure),
            threshold=limit,
            clear=limit - 0.05,
            unit="share",
            hold=hold,
            clear_for=5 * _MINUTE,
            missing_after=10 * _MINUTE,
            advice=advice,
            runbook=f"{RUNBOOK}#levels",
        )

    return [
        level("memory", "Memory is running out", 0.85, sources.highest, 2 * _MINUTE,
              "See which process grows; restart it, then look for what it keeps."),
        level("cpu", "The processor is busy", 0.80, sources.mean, 10 * _MINUTE,
              "See which routes and tasks grew; add processes or machines."),
        level("disk", "The disk is nearly full", 0.85, sources.highest, 2 * _MINUTE,
              "Free space or enlarge the disk: PostgreSQL stops when it is full."),
        level("pool", "Database connections run short", 0.80, sources.highest, 2 * _MINUTE,
              "Look for slow queries and long transactions before raising DB_POOL_MAX."),
    ]  # fmt: skip


def _trends() -> list[Rule]:
    window = 6 * _HOUR
    hours = trends.reader(sources.points("disk", window), what="disk", limit=1.0, window=window, stale=15 * _MINUTE)

    def filling(name: str, title: str, page: bool, threshold: float, clear: float) -> Rule:
        return Rule(
            name=name,
            title=title,
            severity="page" if page else "warning",
            read=hours,
            below=True,
            threshold=threshold,
            clear=clear,
            unit="hours",
            hold=10 * _MINUTE,
            clear_for=30 * _MINUTE,
            give_up=3 * _HOUR,
            advice="Find what grows (logs, uploads, WAL kept by a dead replica) and stop it, or enlarge the disk.",
            runbook=f"{RUNBOOK}#trends",
        )

    return [
        filling("disk_fills_today", "The disk will be full within hours", True, 6.0, 9.0),
        filling("disk_fills_soon", "The disk will be full within days", False, 72.0, 96.0),
    ]


def _work() -> list[Rule]:
    return [
        Rule(
            name="query_slow",
            title="A query takes seconds",
            severity="warning",
            read=sources.sampled("query", 5 * _MINUTE, sources.highest, what="slow queries in 5 min", nothing=0.0),
            threshold=5.0,
            clear=5.0,
            unit="duration",
            clear_for=15 * _MINUTE,
            advice="Ask for its plan under slow queries on /ops/; look for a missing index or a lock it waits for.",
            runbook=f"{RUNBOOK}#query_slow",
        ),
        Rule(
            name="task_failures",
            title="Background work fails",
            severity="warning",
            read=sources.sampled("task", 15 * _MINUTE, sources.share_bad, what="tasks in 15 min"),
            threshold=0.10,
            clear=0.05,
            unit="share",
            least=20,
            hold=5 * _MINUTE,
            clear_for=15 * _MINUTE,
            give_up=_HOUR,
            advice="Look at the open errors on /ops/: what failed is tried again, and what is given up is a dead letter.",
            runbook=f"{RUNBOOK}#task_failures",
        ),
    ]


def _people() -> list[Rule]:
    def failing(name: str, sample: str, title: str, page: bool, limit: float, advice: str) -> Rule:
        return Rule(
            name=name,
            title=title,
            severity="page" if page else "warning",
            read=sources.sampled(sample, _HOUR, sources.share_bad, what="tries in 1 h"),
            threshold=limit,
            clear=limit / 2,
            unit="share",
            least=20,
            hold=5 * _MINUTE,
            clear_for=15 * _MINUTE,
            give_up=6 * _HOUR,
            advice=advice,
            runbook=f"{RUNBOOK}#people",
        )

    return [
        failing("signup_failures", "signup", "Sign-ups fail", False, 0.10,
                "Try to sign up yourself; look at e-mail delivery and at the limits."),
        failing("payment_failures", "payment", "Payments fail", True, 0.05,
                "See whether the provider is away or cards are refused; look for one stall, card or country in the admin."),
    ]  # fmt: skip


def _errors() -> list[Rule]:
    def errors(name: str, title: str, read: Reader, advice: str) -> Rule:
        return Rule(
            name=name,
            title=title,
            severity="warning",
            read=read,
            threshold=0.0,
            clear=0.0,
            unit="count",
            absent="over",
            tell_end=False,
            advice=advice,
            runbook=f"{RUNBOOK}#errors",
        )

    return [
        errors("error_new", "A new error", sources.new_errors(_HOUR),
               "Open it on /ops/: mend it, or resolve it there if it is known."),
        errors("error_reopened", "An error came back", sources.reopened_errors(_HOUR),
               "It was resolved and happens again: was its repair undone, or did it miss a case?"),
    ]  # fmt: skip


def _processes() -> list[Rule]:
    def restarted(name: str, title: str, page: bool, given_up: bool, advice: str) -> Rule:
        return Rule(
            name=name,
            title=title,
            severity="page" if page else "warning",
            read=sources.restarts(_HOUR, given_up=given_up),
            threshold=0.0,
            clear=0.0,
            unit="count",
            absent="over",
            tell_end=False,
            advice=advice,
            runbook=f"{RUNBOOK}#processes",
        )

    return [
        Rule(
            name="process_silent",
            title="A process is silent",
            severity="page",
            read=sources.silence("worker", "beat", "sweep"),
            threshold=120.0,
            clear=60.0,
            unit="duration",
            clear_for=_MINUTE,
            missing_after=10 * _MINUTE,
            advice="Start it, or see in its log why it does not run; until then the others do its work more slowly.",
            runbook=f"{RUNBOOK}#processes",
        ),
        restarted("process_restarted", "A process was started again", False, False,
                  "It hung and was restarted: see its log before that moment. Nothing else needs to be done now."),
        restarted("process_given_up", "A process keeps hanging", True, True,
                  "It was restarted as often as an hour allows and is left alone: find out what it waits for."),
    ]  # fmt: skip


def _checks() -> list[Rule]:
    def failing(name: str, title: str, page: bool, hold: timedelta) -> Rule:
        return Rule(
            name=name,
            title=title,
            severity="page" if page else "warning",
            read=sources.checks(vital=page),
            # 1 is a warning, 2 a failure.
            threshold=1.0,
            clear=1.0,
            unit="count",
            hold=hold,
            clear_for=2 * _MINUTE,
            advice="See what the check says on /ops/; the table in deploying.md says what the hall does without that part.",
            runbook="docs/operations/deploying.md",
        )

    return [
        failing("check_vital", "A part the hall cannot do without fails its check", True, _MINUTE),
        failing("check_failed", "A part of the hall fails its check", False, 2 * _MINUTE),
    ]


def _own() -> list[Rule]:
    return [
        Rule(
            name="alert_messages_dead",
            title="Alerts reach nobody",
            severity="page",
            read=sources.undelivered("alert_messages_dead", _HOUR),
            threshold=0.0,
            clear=0.0,
            unit="count",
            advice="Check ALERT_WEBHOOK_URL and the e-mail provider; dead messages are listed on /ops/ and can be sent again.",
            runbook=f"{RUNBOOK}#alert_messages_dead",
        ),
    ]
