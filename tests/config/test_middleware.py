import pytest
from django.test import Client

from marketplace.accounts.models import User


@pytest.mark.parametrize("key", ["abcdefgh\x00", "ü" * 32, "a b", "'; --"])
def test_a_session_key_that_cannot_exist_is_nobodys(db: None, key: str) -> None:
    client = Client()
    client.cookies["sessionid"] = key
    assert client.get("/account/").status_code == 302


def test_a_real_session_key_is_left_alone(mira: User) -> None:
    client = Client()
    client.force_login(mira)
    assert client.get("/account/").status_code == 200
