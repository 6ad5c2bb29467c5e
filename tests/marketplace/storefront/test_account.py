from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import Address, User
from tests.conftest import NOW


def test_the_overview_shows_ones_own_and_needs_a_sign_in(mira: User, olga: User) -> None:
    Address.objects.create(user=mira, name="Mira", line1="Street 1", city="Vienna", country="AT", used_at=NOW)
    Address.objects.create(user=olga, name="Olga", line1="Street 2", city="Linz", country="AT", used_at=NOW)
    client = Client()
    assert client.get("/account/").status_code == 302
    client.force_login(mira)
    page = client.get("/account/").content.decode()
    assert "Hello, Mira" in page
    assert "Vienna" in page
    assert "Linz" not in page


def test_name_and_addresses_can_be_changed(mira: User, olga: User) -> None:
    kept = Address.objects.create(user=mira, name="Mira", line1="Street 1", city="Vienna", country="AT", used_at=NOW)
    hers = Address.objects.create(user=olga, name="Olga", line1="Street 2", city="Linz", country="AT", used_at=NOW)
    client = Client()
    client.force_login(mira)
    assert "saved" in client.post("/account/", {"action": "rename", "name": "Mira H"}, follow=True).content.decode()
    client.post("/account/", {"action": "prefer", "address": str(kept.pk)})
    kept.refresh_from_db()
    assert kept.is_default
    answer = client.post("/account/", {"action": "remove", "address": str(hers.pk)}, follow=True)
    assert "There is no such address." in answer.content.decode()
    assert client.post("/account/", {"action": "remove", "address": str(kept.pk)}).status_code == 302
    assert list(Address.objects.values_list("pk", flat=True)) == [hers.pk]
    for odd in ({"action": "nonsense"}, {"action": "remove", "address": "²"}, {"action": "remove"}):
        assert "There is no" in client.post("/account/", odd, follow=True).content.decode()
    long = client.post("/account/", {"action": "rename", "name": "x" * 121})
    assert long.status_code == 422
    assert "Shorten this" in long.content.decode()


def test_more_addresses_cost_no_more_queries(mira: User) -> None:
    client = Client()
    client.force_login(mira)
    counted = []
    for city in ("Vienna", "Graz"):
        Address.objects.create(user=mira, name="Mira", line1="Street 1", city=city, country="AT", used_at=NOW)
        client.get("/account/")
        with CaptureQueriesContext(connection) as queries:
            client.get("/account/")
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 7
