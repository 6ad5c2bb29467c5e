"""A connection that nobody answers any more must end: the network may go silent without a word."""

import pytest
from django.db import connection

from config.databases import WEB_TIMEOUTS, database


def options(url: str) -> dict[str, object]:
    found = database(url, name="DATABASE_URL", timeouts=WEB_TIMEOUTS, pool=None, application="awning-test")["OPTIONS"]
    assert isinstance(found, dict)
    return found


def test_a_silent_network_ends_a_connection_within_half_a_minute() -> None:
    found = options("postgres://awning@db/awning")
    assert found["tcp_user_timeout"] == 20_000
    idle, between, count = (int(str(found[f"keepalives_{name}"])) for name in ("idle", "interval", "count"))
    assert idle + between * count <= 30


def test_the_address_has_the_last_word() -> None:
    assert options("postgres://awning@db/awning?keepalives_idle=60")["keepalives_idle"] == "60"


@pytest.mark.django_db
def test_our_own_connection_has_them() -> None:
    connection.ensure_connection()
    parameters = connection.connection.info.get_parameters()
    assert (parameters["tcp_user_timeout"], parameters["keepalives_idle"]) == ("20000", "15")
