"""The hall's own Celery application with tasks more, for the tests: a slow one, one that kills its worker, one that counts."""

from config.celery import app

__all__ = ["app"]

import os
import signal
import time
from pathlib import Path

# Tests need not wait as long as production does before a task is handed back.
app.conf.worker_soft_shutdown_timeout = 1.0


@app.task(name="tests.slow")
def slow(log: str, seconds: float) -> None:
    """Appends to ``log`` when it begins, and when it has ended. The second time it is quick, and says what is counted."""
    from monitoring.jobs.models import Delivery

    path = Path(log)
    again = path.exists()
    with path.open("a") as out:
        out.write("began\n")
        if again:
            counts = list(Delivery.objects.filter(name="tests.slow").values_list("count", flat=True))
            out.write(f"counted:{counts}\n".replace(" ", ""))
    time.sleep(0 if again else seconds)
    with path.open("a") as out:
        out.write("ended\n")


@app.task(name="tests.poison")
def poison(log: str) -> None:
    """Appends to ``log`` and takes its process with it, as one that needs too much memory does."""
    with Path(log).open("a") as out:
        out.write("began\n")
    os.kill(os.getpid(), signal.SIGKILL)


@app.task(name="tests.note")
def note(log: str) -> None:
    """Appends to ``log``."""
    with Path(log).open("a") as out:
        out.write("noted\n")
