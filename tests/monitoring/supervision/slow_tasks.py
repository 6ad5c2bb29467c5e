"""The hall's own Celery application with one task more, for the tests: it says when it begins and ends, and takes its time."""

from config.celery import app

__all__ = ["app"]

import time
from pathlib import Path


@app.task(name="tests.slow")
def slow(log: str, seconds: float) -> None:
    """Appends to ``log`` when it begins, and when it has ended. The second time it is quick."""
    path = Path(log)
    again = path.exists()
    with path.open("a") as out:
        out.write("began\n")
    time.sleep(0 if again else seconds)
    with path.open("a") as out:
        out.write("ended\n")
