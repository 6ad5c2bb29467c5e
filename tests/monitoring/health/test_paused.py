"""Every dependency paused in turn: the pages answer within half a second and say which one it is."""

import threading
from collections.abc import Iterator

import pytest

from benchmarks._pausing import BEARER, PAGES, PausedHall, until


@pytest.fixture(scope="module")
def hall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PausedHall]:
    with PausedHall(tmp_path_factory.mktemp("paused")) as hall:
        yield hall


def nobody_waited(times: list[float]) -> bool:
    """Half a second for all but one: the machine that runs the tests may be busy for a moment, a page that waits always is."""
    return sorted(times)[-2] < 0.5 and max(times) < 2.0


@pytest.mark.parametrize("name", ["postgresql", "cache", "broker", "limits"])
def test_no_page_waits_for_a_server_that_hangs(hall: PausedHall, name: str) -> None:
    until(lambda: hall.state_of(name) == "ok", f"{name} to be well")
    times: list[float] = []

    def noticed() -> bool:
        answers = [hall.get(path, headers) for path, headers in PAGES]
        times.extend(answer.seconds for answer in answers)
        return any(answer.body.get("checks", {}).get(name, {}).get("status") == "failed" for answer in answers)

    with hall.paused(name):
        until(noticed, f"{name} to be missed", patience=15)
        alive, ready = hall.get("/healthz"), hall.get("/readyz")
        summary, details = hall.get("/health/"), hall.get("/health/detailed/", BEARER)
    times += [answer.seconds for answer in (alive, ready, summary, details)]
    assert nobody_waited(times)
    assert (alive.status, alive.body) == (200, {"status": "ok"})
    vital = name == "postgresql"
    assert ready.status == (503 if vital else 200)
    assert ready.body["draining"] is False
    assert (summary.status, summary.body["status"]) == ((503, "unhealthy") if vital else (200, "degraded"))
    found = details.body["checks"][name]
    assert found["last_success"]
    assert found["detail"]
    assert details.body["checks"]["disk"]["status"] != "failed", "what is well is said to be well"


def test_the_hall_is_ready_again_when_postgresql_is(hall: PausedHall) -> None:
    with hall.paused("postgresql"):
        until(lambda: hall.get("/readyz").status == 503, "unready")
    until(lambda: hall.get("/readyz").status == 200, "ready")


def test_a_port_of_its_own_answers_when_every_thread_waits(hall: PausedHall) -> None:
    until(lambda: hall.get("/healthz", port=hall.health_port).status == 200, "the port")
    with hall.paused("postgresql"):
        statuses: list[int] = []
        buyers = [threading.Thread(target=lambda: statuses.append(hall.visit()), daemon=True) for _ in range(12)]
        for buyer in buyers:
            buyer.start()
        until(lambda: hall.get("/readyz", port=hall.health_port).status == 503, "unready")
        answers = [hall.get(path, headers, port=hall.health_port) for path, headers in PAGES]
        for buyer in buyers:
            buyer.join(30)
        assert len(statuses) == len(buyers), "nobody waits until the database is back"
    assert set(statuses) <= {200, 503}
    assert [answer.status for answer in answers] == [200, 503, 503, 503, 503]
    assert nobody_waited([answer.seconds for answer in answers])
    until(lambda: hall.get("/readyz").status == 200, "ready")


def test_staff_are_told_when_the_database_does_not_know_them(hall: PausedHall) -> None:
    with hall.paused("postgresql"):
        answers = [hall.get(path, headers) for path, headers in PAGES[-1:] * 8]
    assert {answer.status for answer in answers} == {503}
    assert "HEALTH_TOKEN" in answers[0].body["detail"]
    assert nobody_waited([answer.seconds for answer in answers])
