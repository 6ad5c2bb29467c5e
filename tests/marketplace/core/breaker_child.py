"""One of several processes around a breaker: hammers it, says each call that goes out, and what became of it.

Arguments: the store's address, the breaker's name, its policy as JSON, how long to hammer, how long a call lasts, how it
ends ("ok" or "fail"). Says "ready", waits for a line, then writes "called" and "ended" as they happen and "refused N" last.
"""

import json
import sys
import time

from marketplace.core.breaker import Breaker, BreakerOpen, Failure
from marketplace.core.breaker_store import Policy, store


class Trouble(Exception):
    """What the foreign service does."""


def main() -> None:
    url, name, policy, hammering, lasting, ending = sys.argv[1:]
    breaker = Breaker(name, Policy(**json.loads(policy)), place=lambda: store(url, "tests"))
    say("ready")
    sys.stdin.readline()
    refused, deadline = 0, time.monotonic() + float(hammering)
    while time.monotonic() < deadline:
        try:
            with breaker.watching(lambda error: Failure("trouble")):
                say("called")
                time.sleep(float(lasting))
                if ending == "fail":
                    raise Trouble
        except BreakerOpen:
            refused += 1
            time.sleep(0.002)
        except Trouble:
            say("ended")
        else:
            say("ended")
    say(f"refused {refused}")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
