from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from marketplace.accounts.models import User
from monitoring.errors import services
from monitoring.errors.models import ErrorEvent, ErrorGroup
from tests import factories
from tests.conftest import NOW
from tests.monitoring.errors.test_services import a_batch, a_sample

LIST = "/admin/errors/errorgroup/"


@pytest.fixture
def group(db: None) -> ErrorGroup:
    services.store(a_batch(a_sample(message="no seat left")), now=NOW)
    return ErrorGroup.objects.get()


@pytest.fixture
def operator(client: Client, olga: User) -> Client:
    client.force_login(olga)
    return client


def act(client: Client, action: str, group: ErrorGroup) -> None:
    answer = client.post(LIST, {"action": action, "_selected_action": [group.pk]}, follow=True)
    assert answer.status_code == 200


def test_errors_are_listed_filtered_and_found(operator: Client, group: ErrorGroup) -> None:
    for query in ("", "?status__exact=open", "?q=seat", "?q=0123456789abcdef"):
        assert "no seat left" in operator.get(f"{LIST}{query}").content.decode(), query
    assert "no seat left" not in operator.get(f"{LIST}?status__exact=resolved").content.decode()


def test_an_operator_resolves_ignores_and_reopens_and_the_log_says_who(
    operator: Client, olga: User, group: ErrorGroup
) -> None:
    for action, status in (("resolve", "resolved"), ("ignore", "ignored"), ("reopen", "open")):
        act(operator, action, group)
        group.refresh_from_db()
        assert group.status == status
        entry = LogEntry.objects.latest("pk")
        assert (entry.user, entry.object_id) == (olga, str(group.pk))
    assert LogEntry.objects.count() == 3
    act(operator, "resolve", group)
    group.refresh_from_db()
    assert group.resolved_by == olga
    assert group.resolved_at is not None


def test_who_may_only_look_decides_nothing(client: Client, group: ErrorGroup) -> None:
    nils = factories.a_user(email="nils@example.test", is_staff=True)
    nils.user_permissions.add(Permission.objects.get(codename="view_errorgroup"))
    client.force_login(nils)
    assert client.get(LIST).status_code == 200
    client.post(LIST, {"action": "resolve", "_selected_action": [group.pk]})
    group.refresh_from_db()
    assert group.status == "open"


def test_a_sample_is_shown_and_cannot_be_edited(operator: Client, group: ErrorGroup) -> None:
    event = group.events.get()
    page = operator.get(f"/admin/errors/errorevent/{event.pk}/change/").content.decode()
    assert "ValueError: no seat left" in page
    assert '<input type="submit"' not in page
    assert operator.post(f"/admin/errors/errorevent/{event.pk}/change/", {"origin": "x"}).status_code == 403
    assert operator.post(f"{LIST}{group.pk}/delete/", {"post": "yes"}).status_code == 403
    assert f"/admin/errors/errorevent/{event.pk}/change/" in operator.get(f"{LIST}{group.pk}/change/").content.decode()


def test_the_lists_take_a_hundred_thousand_samples(
    operator: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO errors_errorgroup (fingerprint, type, message, culprit, origin, status, count, first_seen, last_seen,"
            " created_at, release) SELECT lpad(n::text, 32, '0'), 'ValueError', 'm', 'c', 'o', 'open', 50, %s, %s, %s, ''"
            " FROM generate_series(1, 2000) n",
            [NOW, NOW, NOW],
        )
        cursor.execute(
            'INSERT INTO errors_errorevent (group_id, event_id, at, handled, chain, facts, request_id, origin, "user", process,'
            " release) SELECT g.id, gen_random_uuid(), %s + n * interval '1 s', false, '[]', '{}', md5(g.id || '-' || n),"
            " '/', '', 'web', '' FROM errors_errorgroup g, generate_series(1, 50) n",
            [NOW],
        )
        cursor.execute("ANALYZE errors_errorevent, errors_errorgroup")
    assert ErrorEvent.objects.count() == 100_000
    wanted = ErrorEvent.objects.order_by("-pk").values_list("request_id", flat=True)[0]
    for page in (LIST, f"{LIST}?q={wanted}", "/admin/errors/errorevent/", f"/admin/errors/errorevent/?q={wanted}"):
        with django_assert_max_num_queries(12):
            answer = operator.get(page)
        assert answer.status_code == 200
        assert int(answer.headers.get("Content-Length") or len(answer.content)) < 400_000
    assert services.prune(now=NOW + timedelta(days=40)) == 5000
