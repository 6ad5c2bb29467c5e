"""``python -m payments.simulator``: start, say where, stop on SIGTERM."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from payments.simulator.api import Simulator
from payments.simulator.clock import Clock
from payments.simulator.deliveries import Outbox
from payments.simulator.dispatcher import Dispatcher
from payments.simulator.faults import Faults
from payments.simulator.idempotency import Keys
from payments.simulator.scheduler import Scheduler
from payments.simulator.server import Server
from payments.simulator.shapes import Settings
from payments.simulator.store import DataFileBusy, Store

_STOP_WITHIN_S = 0.8


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m payments.simulator", description="A stand-in for Stripe over HTTP."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, required=True, help="port to listen on; 0 takes a free one")
    parser.add_argument("--data", type=Path, required=True, help="SQLite file; made if it does not exist")
    parser.add_argument("--webhook-url", help="where events are posted; none: events are only recorded")
    parser.add_argument("--webhook-secret", default="", help="whsec_… the events are signed with")
    parser.add_argument("--api-key", help="the only secret key accepted; none: any sk_test_… key")
    parser.add_argument("--retry-base", type=float, default=0.5, help="seconds before the first webhook retry; doubles")
    parser.add_argument("--webhook-workers", type=int, default=4, help="threads posting webhooks; 1 keeps their order")
    parser.add_argument("--settlement", type=int, default=0, help="seconds until a charge's money is available")
    parser.add_argument("--payout", type=int, default=5, help="seconds until a payout arrives")
    options = parser.parse_args(argv)
    if not 0 <= options.port <= 65535:
        parser.error(f"--port must be between 0 and 65535, got {options.port}")
    if options.webhook_url and not options.webhook_secret.startswith("whsec_"):
        parser.error("--webhook-url needs a --webhook-secret that starts with whsec_")
    if options.api_key and not options.api_key.startswith("sk_test_"):
        parser.error("--api-key must start with sk_test_: the simulator takes no live key")
    return options


def _build(options: argparse.Namespace) -> Simulator:
    store = Store(options.data)
    outbox = Outbox(store, url=options.webhook_url, secret=options.webhook_secret)
    return Simulator(
        store=store,
        outbox=outbox,
        clock=Clock(int(store.meta("clock_offset") or 0)),
        settings=Settings(settlement_s=options.settlement, payout_s=options.payout),
        faults=Faults(),
        keys=Keys(store),
        stopping=threading.Event(),
        api_key=options.api_key,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit status."""
    options = _arguments(argv)
    try:
        simulator = _build(options)
        server = Server((options.host, options.port), simulator)
    except DataFileBusy as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"Cannot listen on {options.host}:{options.port}: {error.strerror}. Give another --port.\n")
        return 1
    dispatcher = Dispatcher(simulator.outbox, retry_base_s=options.retry_base, workers=options.webhook_workers)
    scheduler = Scheduler(simulator)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: simulator.stopping.set())
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.1}, name="http", daemon=True).start()
    dispatcher.start()
    scheduler.start()
    sys.stdout.write(json.dumps({"ready": True, "url": server.url}) + "\n")
    sys.stdout.flush()
    simulator.stopping.wait()
    server.shutdown()
    dispatcher.stop(_STOP_WITHIN_S)
    scheduler.stop(_STOP_WITHIN_S)
    simulator.store.close()
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # A webhook receiver that never answers must not keep the process alive.
    os._exit(code)
