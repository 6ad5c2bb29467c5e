"""Tighter limits while the hall is busy: base times a factor between 0.25 and 1, never an adjusted limit adjusted again.

It tightens by a step after half a minute of being busy and relaxes by a step after three minutes of calm; in between,
it stays. The factor lies in the store beside the counters, where the one atomic call reads it: all processes use the
same. It expires there, so that limits whose steersman died relax by themselves.
"""

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import Error
from redis import Redis
from redis.exceptions import RedisError

from monitoring.limits import instruments
from monitoring.limits.keys import PREFIX
from monitoring.limits.store import FACTOR_KEY, Store, StoreAway
from monitoring.metrics import queries

STEPS: Final = (1.0, 0.75, 0.5, 0.25)
EVERY: Final = 10.0
BUSY_SECONDS: Final = 30.0
CALM_SECONDS: Final = 180.0
STATE_KEY: Final = f"{PREFIX}load"
TURN_KEY: Final = f"{PREFIX}load-turn"
KEPT_SECONDS: Final = 600
FACTOR_SECONDS: Final = 60
# Fewer requests a minute say nothing about the hall.
LEAST_REQUESTS: Final = 20


@dataclass(frozen=True, slots=True)
class Pressure:
    """``read`` gives the present figure or None; from ``high`` the hall is busy, up to ``low`` it is calm."""

    name: str
    read: Callable[[datetime], float | None]
    high: float
    low: float


@dataclass(frozen=True, slots=True)
class Load:
    """``step`` indexes STEPS; the times are seconds since 1970, 0 for not so at the moment."""

    step: int = 0
    busy_since: float = 0.0
    calm_since: float = 0.0
    changed_at: float = 0.0
    reason: str = "Calm."

    @property
    def factor(self) -> float:
        return STEPS[self.step]


def slowness(now: datetime) -> float | None:
    """The 95th percentile of the last minute's requests in seconds."""
    window = queries.window("request", since=now - timedelta(seconds=60), until=now)
    return window.quantile(0.95) if window.count >= LEAST_REQUESTS else None


def pool_use(now: datetime) -> float | None:
    """The highest share of a connection pool in use in the last minute."""
    return queries.window("pool", since=now - timedelta(seconds=60), until=now).highest


_pressures: dict[str, Pressure] = {
    pressure.name: pressure
    for pressure in (
        Pressure("response p95 (s)", slowness, high=2.0, low=1.0),
        Pressure("connection pool", pool_use, high=0.95, low=0.7),
    )
}


def register(pressure: Pressure) -> None:
    """Adds a figure that the limits heed; a second one of the same name takes its place."""
    _pressures[pressure.name] = pressure


def step(load: Load, figures: dict[str, float | None], pressures: dict[str, Pressure], at: float) -> Load:
    """The next state. Busy when one figure is high, calm when all that are known are low."""
    known = {name: figure for name, figure in figures.items() if figure is not None}
    high = {name: figure for name, figure in known.items() if figure >= pressures[name].high}
    busy = bool(high)
    calm = all(figure <= pressures[name].low for name, figure in known.items())
    busy_since = (load.busy_since or at) if busy else 0.0
    calm_since = (load.calm_since or at) if calm else 0.0
    settled = load.changed_at
    if busy and at - max(busy_since, settled) >= BUSY_SECONDS and load.step < len(STEPS) - 1:
        reason = ", ".join(
            f"{name} at {figure:.2f}, high from {pressures[name].high:g}" for name, figure in high.items()
        )
        return Load(load.step + 1, busy_since, 0.0, at, f"Tightened: {reason}.")
    if calm and load.step > 0 and at - max(calm_since, settled) >= CALM_SECONDS:
        reason = "Calm." if load.step == 1 else "Relaxing: all figures are low."
        return Load(load.step - 1, 0.0, calm_since, at, reason)
    return Load(load.step, busy_since, calm_since, settled, load.reason)


def steer(client: Redis, now: datetime) -> Load | None:
    """One step, by whichever process comes first in this period; None for the others. Raises StoreAway."""
    try:
        if not client.set(TURN_KEY, "1", nx=True, px=int(EVERY * 900)):
            return None
        before = current(client)
        figures = {pressure.name: pressure.read(now) for pressure in _pressures.values()}
        after = step(before, figures, _pressures, now.timestamp())
        client.set(STATE_KEY, json.dumps(asdict(after)), ex=KEPT_SECONDS)
        client.set(FACTOR_KEY, str(after.factor), ex=FACTOR_SECONDS)
    except RedisError as error:
        raise StoreAway from error
    instruments.factor.set(after.factor)
    return after


def steer_quietly(store: Store, now: datetime) -> Load | None:
    """``steer`` as a background job: a store or a database that is away is no error of this job."""
    try:
        return steer(store.client, now)
    except (StoreAway, Error):
        return None


def in_force(client: Redis) -> float:
    """The factor as the atomic call reads it. Raises StoreAway."""
    try:
        return max(STEPS[-1], min(1.0, float(str(client.get(FACTOR_KEY) or 1))))
    except RedisError as error:
        raise StoreAway from error


def current(client: Redis) -> Load:
    """The state in the store; the calm one where there is none or it cannot be read. Raises StoreAway."""
    try:
        text = client.get(STATE_KEY)
    except RedisError as error:
        raise StoreAway from error
    try:
        load = Load(**json.loads(str(text)))
        return load if load.step in range(len(STEPS)) else Load()
    except (ValueError, TypeError):
        return Load()
