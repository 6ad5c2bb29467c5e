"""Panels and rows that tests of the operators' page need."""

import threading
from datetime import datetime, timedelta
from uuid import uuid4

from monitoring.alerts.models import Alert, AlertDelivery, AlertMessage
from monitoring.database.models import SlowQuery
from monitoring.errors.models import ErrorGroup
from monitoring.jobs.models import DeadTask
from monitoring.ops.panels import Panel
from monitoring.ops.parts import Body, Mark

PLANNED = "SELECT count(*) FROM alerts_alert WHERE id > $1"


class Source:
    """What a panel shows, how often it was asked, and whether it hangs or fails."""

    def __init__(self, text: str = "fine") -> None:
        self.text, self.asked = text, 0
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()

    def build(self, now: datetime) -> Body:
        self.asked += 1
        self.gate.wait(30)
        if self.error is not None:
            raise self.error
        return Body(Mark("good", self.text))

    def panel(self, name: str, **changes: object) -> Panel:
        fields: dict[str, object] = {"title": name.title(), "place": 1, "lane": name, **changes}
        return Panel(name=name, build=self.build, **fields)  # type: ignore[arg-type]


def an_alert(now: datetime, **fields: object) -> Alert:
    known: dict[str, object] = {
        "rule": "error_share", "title": "Share of failed requests", "severity": "page", "cause": "breach", "value": 0.08,
        "value_text": "8 %", "text": "125 of 1,502 failed", "since": now, "fired_at": now,
    }  # fmt: skip
    return Alert.objects.create(**{**known, **fields})


def a_kind(now: datetime, **fields: object) -> ErrorGroup:
    known: dict[str, object] = {
        "fingerprint": uuid4().hex, "type": "KeyError", "message": "'currency'", "culprit": "imports/shopify.py:88",
        "count": 3, "first_seen": now, "last_seen": now, "created_at": now,
    }  # fmt: skip
    return ErrorGroup.objects.create(**{**known, **fields})


def a_slow_query(now: datetime, *, statement: str = PLANNED) -> SlowQuery:
    return SlowQuery.objects.create(
        fingerprint=uuid4().hex, origin="/search/", statement=statement, code="search/run.py:61", count=4, very_slow=0,
        total_ms=4_000, worst_ms=1_200, first_at=now, last_at=now,
    )  # fmt: skip


def a_dead_task(now: datetime, **fields: object) -> DeadTask:
    known: dict[str, object] = {
        "task_id": uuid4().hex, "name": "core.relay", "queue": "critical", "reason": "Its worker was lost.",
        "deliveries": 5, "dead_at": now,
    }  # fmt: skip
    return DeadTask.objects.create(**{**known, **fields})


def a_dead_message(now: datetime) -> AlertDelivery:
    message = AlertMessage.objects.create(
        rule="disk", kind="firing", severity="warning", subject="Disk of web-1 at 88 %", body="…", created_at=now
    )
    return AlertDelivery.objects.create(
        message=message, channel="email", target="ops@example.test", due_at=now, attempts=8,
        dead_at=now - timedelta(minutes=5), last_error="SMTPServerDisconnected",
    )  # fmt: skip
