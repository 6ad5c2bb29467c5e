import re
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from marketplace.accounts.models import User
from marketplace.sessions import ids
from marketplace.sessions.devices import device, named
from marketplace.sessions.models import Session
from tests.factories import PASSWORD

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0"
SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.5 Mobile/15E148 Safari/604.1"
)


def signed_in(user: User, agent: str = FIREFOX, address: str = "203.0.113.77") -> Client:
    browser = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    answer = browser.post("/account/login/", {"login": user.email, "password": PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return browser


def handle_of(browser: Client) -> str:
    return str(Session.objects.get(pk=ids.digest(browser.cookies["sessionid"].value)).handle)


def test_the_page_lists_where_one_is_signed_in(mira: User, olga: User) -> None:
    here = signed_in(mira)
    signed_in(mira, SAFARI, "2001:db8:1:2::7")
    Client().force_login(olga)
    page = here.get("/account/devices/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on an iPhone" in page
    assert "203.0.113.0/24" in page
    assert "203.0.113.77" not in page
    assert "2001:db8:1::/48" in page
    assert page.count("This device") == 1
    assert page.index("This device") < page.index("Safari")
    assert "An unknown device" not in page
    assert 'href="/account/devices/"' in here.get("/account/").content.decode()


def test_one_device_or_all_others_can_be_signed_out(mira: User) -> None:
    here, phone, work = signed_in(mira), signed_in(mira, SAFARI), signed_in(mira)
    answer = here.post("/account/devices/", {"action": "end", "device": handle_of(phone)}, follow=True)
    assert "That device is signed out." in answer.content.decode()
    assert phone.get("/account/").status_code == 302
    assert work.get("/account/").status_code == 200
    signed_in(mira)
    answer = here.post("/account/devices/", {"action": "end_others"}, follow=True)
    assert "2 other devices are signed out." in answer.content.decode()
    assert work.get("/account/").status_code == 302
    assert here.get("/account/").status_code == 200
    assert "Sign out all others" not in here.get("/account/devices/").content.decode()


def test_other_peoples_devices_are_none(mira: User, olga: User) -> None:
    theirs = Client()
    theirs.force_login(olga)
    here = signed_in(mira)
    for device_id in (handle_of(theirs), str(uuid4()), "", "x\x00"):
        assert here.post("/account/devices/", {"action": "end", "device": device_id}).status_code == 404
    assert here.post("/account/devices/", {"action": "end_all_of_them"}).status_code == 404
    assert theirs.get("/account/").status_code == 200
    assert Client().get("/account/devices/").status_code == 302


def test_more_devices_cost_no_more_queries(mira: User) -> None:
    here = signed_in(mira)
    counted = []
    for _ in range(2):
        signed_in(mira, SAFARI)
        here.get("/account/devices/")
        with CaptureQueriesContext(connection) as queries:
            here.get("/account/devices/")
        counted.append(len(queries))
    assert counted[0] == counted[1] <= 6


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        (FIREFOX, "Firefox on Linux"),
        (SAFARI, "Safari on an iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0.0.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Version/18.5 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) FxiOS/140.0 Safari/605.1", "Firefox on an iPad"),
        ("Something (Windows NT 10.0)", "A browser on Windows"),
        ("<script>alert(1)</script>", "An unknown device"),
        ("", "An unknown device"),
        ("x" * 5000 + FIREFOX, "An unknown device"),
    ],
)
def test_a_device_is_named_as_people_call_it(agent: str, words: str) -> None:
    found = device(user_agent=agent, address="::ffff:198.51.100.9")
    assert named(found.browser, found.system) == words
    assert found.network == "198.51.100.0/24"
    assert not re.search(r"[<>]", words)
