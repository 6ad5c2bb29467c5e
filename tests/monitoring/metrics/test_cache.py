import os
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache, caches
from django.test import override_settings
from prometheus_client.registry import REGISTRY


def counted() -> tuple[float, ...]:
    return tuple(
        REGISTRY.get_sample_value("awning_cache_lookups_total", {"tier": "redis", "outcome": outcome}) or 0.0
        for outcome in ("hit", "miss", "error")
    )


@pytest.fixture
def more() -> Iterator[object]:
    before = counted()
    yield lambda: tuple(now - then for now, then in zip(counted(), before, strict=True))
    cache.delete_many(["metrics-a", "metrics-b"])


def test_hits_and_misses_are_counted_and_answers_unchanged(more: object) -> None:
    assert cache.get("metrics-a") is None
    assert cache.get("metrics-a", "default") == "default"
    cache.set("metrics-a", {"b": 1})
    assert cache.get("metrics-a", "default") == {"b": 1}
    assert cache.get_many(["metrics-a", "metrics-b"]) == {"metrics-a": {"b": 1}}
    cache.set("metrics-b", None)
    assert cache.get("metrics-b", "default") is None, "a stored None is no miss"
    assert more() == (3, 3, 0)  # type: ignore[operator]


def test_a_cache_that_is_away_counts_as_errors_and_answers_like_a_miss(more: object, silent_port: int) -> None:
    away = {
        "BACKEND": "monitoring.metrics.cache.CountingRedisCache",
        "LOCATION": f"redis://127.0.0.1:{silent_port}/0",
        "OPTIONS": {"SOCKET_CONNECT_TIMEOUT": 0.05, "SOCKET_TIMEOUT": 0.05, "IGNORE_EXCEPTIONS": True},
    }
    with override_settings(CACHES={"default": away}):
        assert caches["default"].get("metrics-a", "default") == "default"
        assert caches["default"].get_many(["metrics-a", "metrics-b"]) == {}
    assert more() == (0, 0, 3)  # type: ignore[operator]


def test_nothing_that_is_read_from_redis_can_run(more: object) -> None:
    """What is pickled is run when it is read; here it is no value at all."""
    ran: list[int] = []

    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[object, ...]]:
            return ran.append, (1,)

    client: Any = cache.client  # type: ignore[attr-defined]
    for held in (pickle.dumps({"b": 1}), pickle.dumps(os.getcwd), b"\xff", b"{"):
        client.get_client(write=True).set(client.make_key("metrics-a"), held)
        assert cache.get("metrics-a", "default") == "default"
    with pytest.raises(TypeError):
        cache.set("metrics-a", Bomb())
    assert more() == (0, 0, 4)  # type: ignore[operator]
