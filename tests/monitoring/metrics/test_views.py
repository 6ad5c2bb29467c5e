import pytest
from django.test import Client

from config.env import BadEnvironment
from config.metrics import metrics
from monitoring.metrics import access
from tests.monitoring.metrics.promtool import promtool


def test_without_a_token_there_is_no_such_page(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.config(), "token", "")
    monkeypatch.setattr(access.config(), "is_open", False)
    response = client.get("/metrics", headers={"authorization": "Bearer "})
    assert response.status_code == 404
    assert b"METRICS_TOKEN" in response.content
    assert not access.may_read("Bearer ")


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Bearer wrong", "Basic {token}", "{token}", "Bearer {token}x", "Bearer é"]
)
def test_who_has_not_the_token_reads_nothing(client: Client, token: str, header: str) -> None:
    response = client.get("/metrics", headers={"authorization": header.format(token=token)})
    assert response.status_code == 403
    assert b"awning_" not in response.content


@pytest.mark.django_db(transaction=True)
def test_who_has_the_token_reads_everything(client: Client, token: str) -> None:
    client.get("/no/such/page")
    response = client.get("/metrics", headers={"authorization": f"Bearer {token}"})
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "no-cache" in response["Cache-Control"]
    assert b"awning_http_requests_total{" in response.content


@pytest.mark.django_db(transaction=True)
def test_the_token_is_compared_in_constant_time(client: Client, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []

    def compare(given: bytes, wanted: bytes) -> bool:
        compared.append((given, wanted))
        return False

    monkeypatch.setattr("monitoring.metrics.access.hmac.compare_digest", compare)
    assert client.get("/metrics", headers={"authorization": f"Bearer {token}"}).status_code == 403
    assert compared == [(token.encode(), token.encode())]


@pytest.mark.django_db(transaction=True)
def test_the_demo_is_open(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access.config(), "token", "")
    monkeypatch.setattr(access.config(), "is_open", True)
    assert client.get("/metrics").status_code == 200


def test_a_public_hall_cannot_be_open(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METRICS_OPEN", "1")
    assert metrics(production=False).is_open
    with pytest.raises(BadEnvironment, match="METRICS_OPEN"):
        metrics(production=True)


def test_promtool_finds_nothing_to_complain_about(client: Client, token: str) -> None:
    """Names, units, help texts and types, on the page as Prometheus gets it."""
    client.get("/no/such/page")
    page = client.get("/metrics", headers={"authorization": f"Bearer {token}"}).content
    checked = promtool("check", "metrics", given=b"".join(_ours(page)))
    assert checked.returncode == 0, checked.stderr.decode()
    assert checked.stderr == b"", checked.stderr.decode()


def test_promtool_would_complain() -> None:
    checked = promtool("check", "metrics", given=b"# TYPE awning_things counter\nawning_things 1\n")
    assert checked.returncode != 0


def _ours(page: bytes) -> list[bytes]:
    """Without what the library itself says about Python and the process, which a page of several processes has not."""
    return [line for line in page.splitlines(keepends=True) if b"awning_" in line]
