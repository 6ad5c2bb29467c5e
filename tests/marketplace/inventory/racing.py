"""Runs callers at the same time, each with a database connection of its own."""

import threading
from collections.abc import Callable

from django.db import connections


def together(*calls: Callable[[], object]) -> list[BaseException]:
    """Starts all calls at once, waits for them, and returns what they raised."""
    gate = threading.Barrier(len(calls), timeout=30)
    raised: list[BaseException] = []

    def run(call: Callable[[], object]) -> None:
        try:
            gate.wait()
            call()
        except BaseException as error:  # noqa: BLE001 - handed to the test
            raised.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "somebody is still waiting"
    return raised
