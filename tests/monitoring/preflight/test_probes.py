"""Probes run together, each within its time, and one that hangs, fails or lies about its type spoils no other."""

import threading
import time
from collections.abc import Iterator

import pytest
from django.core.checks import CheckMessage

from monitoring.preflight import mask, probes
from monitoring.preflight.findings import warning
from monitoring.preflight.probes import Probe, run_all


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets the hanging probes go when the test is over."""
    event = threading.Event()
    yield event
    event.set()


def finds(name: str) -> Iterator[CheckMessage]:
    yield warning(f"{name}.found", "X", "is so.", hint="Do this.")


def ids(found: list[CheckMessage]) -> list[str]:
    return [str(message.id) for message in found]


def test_a_dozen_that_hang_cost_as_much_as_one(release: threading.Event) -> None:
    def hang() -> list[CheckMessage]:
        release.wait(30)
        return []

    hanging = [Probe(f"hang{index:02}", "X", hang, timeout=0.4) for index in range(12)]
    started = time.monotonic()
    found = run_all([*hanging, Probe("zz", "X", lambda: finds("zz"), timeout=0.4)])
    assert time.monotonic() - started < 1.5
    assert ids(found) == [*(f"preflight.hang{index:02}.silent" for index in range(12)), "preflight.zz.found"]
    assert "0.4 s" in str(found[0].msg)


def test_a_probe_that_fails_is_a_finding_without_its_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mask, "_sources", [lambda: ["postgres://u:c4n4ry@h/d"]])

    def fail() -> Iterator[CheckMessage]:
        yield from finds("first")
        raise RuntimeError("cannot reach postgres://u:c4n4ry@h/d: c4n4ry")

    (found,) = run_all([Probe("x", "DATABASE_URL", fail)])
    assert (found.id, found.obj) == ("preflight.x.failed", "DATABASE_URL")
    assert "RuntimeError" in str(found.msg)
    assert "c4n4ry" not in str(found)


def test_online_probes_wait_to_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_probes", {})
    probes.add(Probe("b", "X", lambda: finds("b"), online=True))
    probes.add(Probe("a", "X", lambda: finds("a")))
    assert [probe.name for probe in probes.probes()] == ["a"]
    assert [probe.name for probe in probes.probes(online=True)] == ["a", "b"]


def test_servers_are_asked_only_when_databases_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes, "_probes", {"a": Probe("a", "X", lambda: finds("a"))})
    assert probes.ask_servers(databases=None) == []
    assert ids(probes.ask_servers(databases=["default"])) == ["preflight.a.found"]
