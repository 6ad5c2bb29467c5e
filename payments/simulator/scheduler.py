"""What happens by itself when its time has come: payouts arrive, sessions expire, slow payments settle."""

import sys
import threading
from collections.abc import Callable

from payments.simulator.api import Simulator
from payments.simulator.call import Call
from payments.simulator.errors import ApiError
from payments.simulator.resources import checkout_sessions, confirming, payouts, refunds
from payments.simulator.shapes import Obj

_TICK_S = 0.2


def _arrive(call: Call, payout: Obj) -> None:
    payouts.arrive(call, payout)


def _expire(call: Call, session: Obj) -> None:
    checkout_sessions.expire_if_open(call, session)


def _process(call: Call, intent: Obj) -> None:
    confirming.finish_processing(call, intent)
    checkout_sessions.settle_late(call, intent)


def _fail_refund(call: Call, refund: Obj) -> None:
    refunds.fail(call, refund)


_ACTIONS: dict[str, Callable[[Call, Obj], None]] = {
    "arrive": _arrive,
    "expire": _expire,
    "process": _process,
    "fail_refund": _fail_refund,
}


def _act(call: Call, action: str, obj: Obj) -> None:
    try:
        with call.store.undone_on_refusal():
            _ACTIONS[action](call, obj)
    except ApiError as error:
        # The object has moved on since the timer was set; the thread must live for the other timers.
        sys.stderr.write(f"{action} of {obj['id']} did not happen: {error}\n")


def run_due(simulator: Simulator) -> int:
    """Do everything that is due at the simulated time; how much that was."""
    done = 0
    while True:
        with simulator.store.transaction():
            rows = simulator.store.rows(
                "SELECT * FROM timers WHERE due_at <= ? ORDER BY due_at LIMIT 1", (simulator.clock.now(),)
            )
            if not rows:
                return done
            row = rows[0]
            simulator.store.run("DELETE FROM timers WHERE action = ? AND object = ?", (row["action"], row["object"]))
            found = simulator.store.owner_and_object(row["object"])
            if found is not None:
                _act(simulator.call("", row["account"]), row["action"], found[1])
            done += 1


class Scheduler:
    """A thread that looks for due work a few times a second."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Wait for the last piece of work; the simulator's `stopping` is already set."""
        self._thread.join(timeout)

    def _run(self) -> None:
        while not self._simulator.stopping.wait(_TICK_S):
            run_due(self._simulator)
