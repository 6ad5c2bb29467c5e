"""The breaker among real processes."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from os import environ
from pathlib import Path

import pytest
import redis

from tests.marketplace.core.breaker_cases import Shop, Trouble, call, until

CHILD = Path(__file__).with_name("breaker_child.py")
ROOT = Path(__file__).parents[3]


@pytest.fixture
def shop() -> Iterator[Shop]:
    with redis.Redis.from_url(environ["RATE_LIMIT_REDIS_URL"]) as client:
        client.delete("tests:breaker:crowd")
        yield Shop(environ["RATE_LIMIT_REDIS_URL"])
        client.delete("tests:breaker:crowd")


def start(stack: ExitStack, url: str, policy: dict[str, float], *how: str) -> "subprocess.Popen[str]":
    child = stack.enter_context(
        subprocess.Popen(
            [sys.executable, str(CHILD), url, "crowd", json.dumps(policy), *how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environ | {"PYTHONPATH": str(ROOT)},
        )
    )
    stack.callback(child.kill)
    return child


def line(child: "subprocess.Popen[str]") -> str:
    assert child.stdout is not None
    return child.stdout.readline().strip()


def go(child: "subprocess.Popen[str]") -> None:
    assert child.stdin is not None
    child.stdin.write("go\n")
    child.stdin.flush()


def tripped(shop: Shop, rest: float) -> None:
    """Opens the breaker for so long; afterwards one call may try."""
    call(shop.process(name="crowd"), Trouble(retry_after=rest))


@pytest.mark.parametrize("ending", ["ok", "fail"])
def test_of_eight_processes_exactly_one_tries(shop: Shop, ending: str) -> None:
    policy = {"rest": 60.0, "probe": 60.0}
    with ExitStack() as stack:
        # The call outlasts the hammering: whoever comes meanwhile finds it under way.
        children = [start(stack, shop.url, policy, "0.7", "1.2", ending) for _ in range(8)]
        assert [line(child) for child in children] == ["ready"] * 8
        tripped(shop, 0.2)
        for child in children:
            go(child)
        said = [child.communicate(timeout=20)[0].split("\n") for child in children]
    assert sum(lines.count("called") for lines in said) == 1
    refused = [int(text.split()[1]) for lines in said for text in lines if text.startswith("refused")]
    assert len(refused) == 8
    assert sum(count > 0 for count in refused) >= 7
    assert shop.process(name="crowd").status().state == ("closed" if ending == "ok" else "open")


def test_a_killed_try_is_followed_by_another_once_its_lease_ends(shop: Shop) -> None:
    policy = {"rest": 60.0, "probe": 0.6}
    with ExitStack() as stack:
        child = start(stack, shop.url, policy, "10", "60", "ok")
        assert line(child) == "ready"
        tripped(shop, 0.05)
        go(child)
        assert line(child) == "called"
        others = [shop.process(name="crowd") for _ in range(3)]
        assert [call(other) for other in others] == ["refused"] * 3
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=5)
        assert [call(other) for other in others] == ["refused"] * 3
        until(lambda: call(others[0]) == "ok", patience=3)
    assert others[1].status().state == "closed"
