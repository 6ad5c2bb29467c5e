"""Networks let in and kept out: who decides, for how long, and what stays on record."""

import json
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection, transaction
from django.db.utils import IntegrityError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from monitoring import background
from monitoring.limits import guard, services
from monitoring.limits.decorator import limit
from monitoring.limits.keys import Who
from monitoring.limits.models import AddressRule, AddressRuleEvent
from monitoring.limits.rules import Rules, rules
from monitoring.limits.services import BadRule, add_rule, change_rule, end_rule
from monitoring.limits.tiers import Mark
from tests.monitoring.limits.conftest import Hall

pytestmark = pytest.mark.django_db


def a_rule(network: str, verdict: str = "deny", *, now: datetime | None = None, **fields: object) -> AddressRule:
    told: dict[str, object] = {"reason": "Scrapes the hall", "expires_at": None, "actor": "1: olga"}
    return add_rule(network=network, verdict=verdict, now=now or timezone.now(), **(told | fields))  # type: ignore[arg-type]


def ask(address: str, **headers: str) -> Client:
    return Client(REMOTE_ADDR=address, headers=headers or None)


def test_a_denied_network_gets_403_everywhere_but_at_probes_and_webhooks(hall: Hall) -> None:
    hall()
    a_rule("203.0.113.0/24")
    assert ask("203.0.113.7").get("/help/").status_code == 200, "not read yet"
    rules.refresh(timezone.now())
    page = ask("203.0.113.7", accept="text/html").get("/help/")
    assert page.status_code == 403
    assert "Your network is kept out" in page.content.decode()
    program = ask("203.0.113.7", accept="application/json").get("/help/")
    told = json.loads(program.content)
    assert (program.status_code, told["code"], told["status"]) == (403, "address_denied", 403)
    assert told["request_id"]
    assert ask("203.0.113.7").post("/webhooks/stripe/", b"", "application/json").status_code == 400
    assert ask("198.51.100.7").get("/help/").status_code == 200
    assert guard.admit(path="/", method="GET", has_session=True, address="203.0.113.7").denied


def test_an_allowed_network_skips_the_limits(hall: Hall) -> None:
    hall(anonymous="2/minute", burst="3/minute", concurrent_address="1/minute")
    a_rule("203.0.113.0/24", "allow")
    rules.refresh(timezone.now())
    assert {ask("203.0.113.7").get("/help/").status_code for _ in range(10)} == {200}
    assert [ask("198.51.100.7").get("/help/").status_code for _ in range(3)] == [200, 200, 429]
    assert guard.admit(path="/", method="GET", has_session=False, address="203.0.113.7").allowed


def test_the_narrowest_network_decides(now: datetime) -> None:
    a_rule("203.0.113.0/24", now=now)
    a_rule("203.0.113.64/26", "allow", now=now)
    a_rule("203.0.113.65", now=now)
    a_rule("2001:db8::/32", now=now)
    a_rule("2001:db8:1::/48", "allow", now=now)
    held = Rules()
    assert held.refresh(now) == 5
    asked = ("203.0.113.7", "203.0.113.66", "203.0.113.65", "203.0.114.1", "2001:db8:2::1", "2001:db8:1::1", "", "x")
    assert [held.verdict(address) for address in asked] == ["deny", "allow", "deny", "", "deny", "allow", "", ""]
    assert held.verdict("::ffff:203.0.113.7") == "deny"


def test_a_rule_ends_on_time_although_nobody_reads_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    a_rule("203.0.113.7", now=now, expires_at=now + timedelta(minutes=5))
    held = Rules()
    held.refresh(now)
    assert held.verdict("203.0.113.7") == "deny"
    later = now.timestamp() + 301
    monkeypatch.setattr("monitoring.limits.rules.time.time", lambda: later)
    assert held.verdict("203.0.113.7") == ""
    assert Rules().refresh(now + timedelta(minutes=6)) == 0


def test_requests_ask_the_database_for_no_rules(hall: Hall) -> None:
    hall()
    rules.refresh(timezone.now())
    with CaptureQueriesContext(connection) as captured:
        for _ in range(20):
            ask("203.0.113.7").get("/robots.txt")
    assert not [query for query in captured.captured_queries if "limits_" in query["sql"]]


def test_the_rules_are_read_beside_the_requests_every_few_seconds() -> None:
    (job,) = [job for job in background.jobs() if job.name == "limits.rules"]
    assert job.every <= 5
    a_rule("203.0.113.7")
    job.run(timezone.now())
    assert rules.verdict("203.0.113.7") == "deny"
    assert rules.age() is not None


def test_a_process_that_serves_does_not_begin_with_open_doors(monkeypatch: pytest.MonkeyPatch) -> None:
    a_rule("203.0.113.7")
    assert rules.verdict("203.0.113.7") == "", "a command reads none"
    monkeypatch.setattr(background, "running", lambda: True)
    with CaptureQueriesContext(connection) as captured:
        assert [rules.verdict("203.0.113.7") for _ in range(3)] == ["deny"] * 3
    assert len(captured) == 1


def test_without_postgresql_the_old_rules_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    a_rule("203.0.113.7")
    rules.refresh(timezone.now())

    def away(*_: object, **__: object) -> None:
        raise OperationalError("PostgreSQL is away")

    monkeypatch.setattr(AddressRule.objects, "filter", away)
    with pytest.raises(OperationalError):
        rules.refresh(timezone.now())
    assert rules.verdict("203.0.113.7") == "deny"
    monkeypatch.setattr(background, "running", lambda: True)
    assert Rules().verdict("203.0.113.7") == ""


def test_that_postgresql_is_away_is_said_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("PostgreSQL is away")

    held = Rules()
    with monkeypatch.context() as patched:
        patched.setattr(AddressRule.objects, "filter", away)
        for _ in range(5):
            held.keep_up(timezone.now())
    assert [record.message for record in caplog.records].count("limits.rules_unread") == 1
    held.keep_up(timezone.now())
    assert not held.behind


def test_an_allowed_network_skips_no_limit_that_is_not_spared(hall: Hall) -> None:
    """Also in a view that the middleware could not see."""
    hall(payout="1/minute", upload="1/minute")
    request = RequestFactory().post("/", REMOTE_ADDR="203.0.113.7")
    visit = guard.begin(request)
    visit.allowed, visit.who = True, Who("203.0.113.7", user="5")
    assert [guard.count_mark(request, visit, Mark("upload")).allowed for _ in range(3)] == [True, True, True]
    view = limit("payout")(lambda request: HttpResponse())
    assert view(request).status_code == 200
    visit.counted.clear()
    assert view(request).status_code == 429


def test_every_change_is_on_record(now: datetime) -> None:
    rule = a_rule("203.0.113.0/24", now=now)
    later, end = now + timedelta(hours=1), now + timedelta(days=1)
    change_rule(rule_id=rule.pk, verdict="allow", reason="A customer", expires_at=end, actor="2: mira", now=later)
    end_rule(rule_id=rule.pk, reason="", actor="3: ana", now=end)
    end_rule(rule_id=rule.pk, reason="Twice", actor="3: ana", now=end)
    told = [(event.act, event.verdict, event.reason, event.actor, event.created_at) for event in rule.events.all()]
    assert told == [
        ("ended", "allow", "No longer needed", "3: ana", end),
        ("changed", "allow", "A customer", "2: mira", later),
        ("added", "deny", "Scrapes the hall", "1: olga", now),
    ]
    with pytest.raises(BadRule, match="has ended"):
        change_rule(rule_id=rule.pk, verdict="deny", reason="x", expires_at=None, actor="1", now=end)
    a_rule("203.0.113.0/24", now=end)


@pytest.mark.parametrize(
    "statement", ["UPDATE limits_addressruleevent SET reason = ''", "DELETE FROM limits_addressruleevent"]
)
def test_the_record_cannot_be_changed(statement: str) -> None:
    a_rule("203.0.113.0/24")
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert AddressRuleEvent.objects.count() == 1


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ("", "write it like"),
        ("garbage", "write it like"),
        ("203.0.113.7/24", r"write 203.0.113.0/24"),
        ("0.0.0.0/0", "too wide"),
        ("2000::/3", "too wide"),
        ("::ffff:0:0/96", "too wide"),
    ],
)
def test_a_network_that_cannot_be_is_refused_with_advice(network: str, words: str) -> None:
    with pytest.raises(BadRule, match=words):
        a_rule(network)
    assert not AddressRule.objects.exists()


def test_an_ipv4_network_written_in_ipv6_is_the_ipv4_network() -> None:
    assert a_rule("::ffff:203.0.113.0/120").network == "203.0.113.0/24"


def test_bad_words_and_times_are_refused() -> None:
    now = timezone.now()
    for fields, words in (
        ({"reason": " "}, "in a few words why"),
        ({"reason": "x" * 301}, "300"),
        ({"expires_at": now}, "over already"),
    ):
        with pytest.raises(BadRule, match=words):
            a_rule("203.0.113.7", now=now, **fields)
    with pytest.raises(BadRule, match="allow or deny"):
        a_rule("203.0.113.7", "maybe")
    with pytest.raises(BadRule, match="shut you out"):
        a_rule("203.0.113.0/24", actor_address="203.0.113.9")
    a_rule("203.0.113.0/24", "allow", actor_address="203.0.113.9")
    with pytest.raises(BadRule, match="already"):
        a_rule("203.0.113.0/24")


def test_two_operators_at_once_make_one_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one has looked before the first one wrote."""
    a_rule("203.0.113.0/24")
    monkeypatch.setattr(services, "checked", lambda **told: told["network"])
    with pytest.raises(BadRule, match="already"):
        a_rule("203.0.113.0/24")
    assert AddressRuleEvent.objects.count() == 1
