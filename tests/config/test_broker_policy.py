"""A broker that may forget stops worker, beat and web at start; one that is silent stops nobody."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config import broker_policy
from config.broker_policy import refuse_forgetful_broker
from config.embedded.ports import free_port
from config.embedded.redis import BROKER, CACHE, RedisPlan, RedisServer
from config.env import BadEnvironment
from monitoring.preflight.redis_servers import ask

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "pw-c4n4ry"


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URLs of one server that keeps and one that evicts."""
    folder, made = tmp_path_factory.mktemp("redis"), list[RedisServer]()
    try:
        for name, settings in (("broker", BROKER), ("cache", CACHE)):
            plan = RedisPlan(
                name=name, directory=folder / name, log=folder / f"{name}.log", settings=settings, password=PASSWORD
            )
            made.append(RedisServer(plan))
        yield {"keeps": made[0].url(), "evicts": made[1].url()}
    finally:
        for server in made:
            server.stop()


def test_one_that_may_forget_is_refused_by_name(servers: dict[str, str]) -> None:
    refuse_forgetful_broker(servers["keeps"])
    with pytest.raises(BadEnvironment, match=r"CELERY_BROKER_URL: .*allkeys-lfu") as raised:
        refuse_forgetful_broker(servers["evicts"])
    assert PASSWORD not in str(raised.value)


@pytest.mark.parametrize("url", [f"redis://:{PASSWORD}@127.0.0.1:{{port}}/0", "redis://redis.invalid:6379/0"])
def test_one_that_is_silent_is_only_noted(url: str, caplog: pytest.LogCaptureFixture) -> None:
    refuse_forgetful_broker(url.format(port=free_port()))
    assert "broker.silent" in caplog.text
    assert PASSWORD not in caplog.text


def test_one_that_keeps_its_policy_to_itself_is_only_noted(
    servers: dict[str, str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    told = ask(servers["keeps"])
    monkeypatch.setattr(broker_policy, "ask", lambda url: replace(told, policy=""))
    refuse_forgetful_broker(servers["keeps"])
    assert "broker.policy_unknown" in caplog.text


@pytest.mark.parametrize("program", ["worker", "beat", "web"])
def test_the_programs_do_not_start(program: str, servers: dict[str, str], tmp_path: Path) -> None:
    celery = ["-m", "celery", "-A", "config.celery", program]
    argv = {
        "worker": [*celery, "--concurrency", "1"],
        "beat": [*celery, "--pidfile=", "--schedule", str(tmp_path / "beat")],
        "web": ["-m", "config.serve"],
    }[program]
    done = subprocess.run(
        [sys.executable, *argv],
        cwd=PROJECT,
        env=os.environ | {"CELERY_BROKER_URL": servers["evicts"], "PORT": str(free_port())},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode != 0
    assert "may forget (maxmemory-policy allkeys-lfu)" in done.stderr
    assert PASSWORD not in done.stdout + done.stderr
