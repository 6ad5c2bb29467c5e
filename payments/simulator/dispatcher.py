"""Background threads that post signed webhooks, with retries."""

import hashlib
import hmac
import http.client
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from payments.simulator.deliveries import Outbox
from payments.simulator.shapes import Obj, encode

MAX_ATTEMPTS = 16
MAX_BACKOFF_S = 60.0
ATTEMPT_TIMEOUT_S = 10.0
_IDLE_S = 0.25


def signature(payload: bytes, secret: str, timestamp: int) -> str:
    """The Stripe-Signature header: HMAC-SHA256 of ``timestamp.payload``."""
    digest = hmac.new(secret.encode(), f"{timestamp}.".encode() + payload, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={digest}"


def retry_delay(attempts: int, base_s: float) -> float:
    """Seconds to wait after so many failed attempts: doubling, up to a minute."""
    return float(min(base_s * 2 ** (attempts - 1), MAX_BACKOFF_S))


class Dispatcher:
    """Takes due deliveries in order and posts them on a few threads.

    With more than one thread events may overtake each other, as Stripe's do.
    """

    def __init__(self, outbox: Outbox, *, retry_base_s: float, workers: int) -> None:
        self.outbox = outbox
        self.store = outbox.store
        self.retry_base_s = retry_base_s
        self._workers = workers
        self._slots = threading.Semaphore(workers)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="webhook")

    def start(self) -> None:
        """Begin; what a crash left half sent is sent again."""
        self.store.run("UPDATE deliveries SET state = 'pending' WHERE state = 'sending'")
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Stop taking deliveries; the rest stays in the file for the next run."""
        self._stopping.set()
        self.outbox.wake.set()
        self._thread.join(timeout)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.outbox.wake.clear()
            if not (self._send_reversed_batch() or self._send_due()):
                self.outbox.wake.wait(self._until_next())

    def _until_next(self) -> float:
        """Seconds until something may be due."""
        due_at = self.store.rows("SELECT min(due_at) AS due_at FROM deliveries WHERE state = 'pending'")[0]["due_at"]
        return _IDLE_S if due_at is None else min(_IDLE_S, max(0.005, due_at - time.time()))

    def _send_due(self) -> bool:
        """Hand due deliveries to the threads; whether there were any."""
        sent = False
        while not self._stopping.is_set():
            self._slots.acquire()
            row = None if self._stopping.is_set() else self._claim_next()
            if row is None:
                self._slots.release()
                break
            self._pool.submit(self._send_and_free_slot, row)
            sent = True
        return sent

    def _claim_next(self) -> sqlite3.Row | None:
        with self.store.transaction():
            rows = self.store.rows(
                "SELECT * FROM deliveries WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, seq LIMIT 1",
                (time.time(),),
            )
            if not rows:
                return None
            self.store.run("UPDATE deliveries SET state = 'sending' WHERE seq = ?", (rows[0]["seq"],))
            return rows[0]

    def _send_reversed_batch(self) -> bool:
        """Deliver a full batch (or an old, shorter one) of the reorder mode, last one first and one by one."""
        with self.store.transaction():
            rows = self.store.rows("SELECT * FROM deliveries WHERE state = 'reorder' ORDER BY seq")
            window = self.outbox.modes.reorder
            quiet = rows and time.time() - rows[-1]["due_at"] > self.outbox.modes.reorder_wait_ms / 1000
            if not rows or (window > 1 and len(rows) < window and not quiet):
                return False
            batch = rows[:window] if window > 1 else rows
            for row in batch:
                self.store.run("UPDATE deliveries SET state = 'sending' WHERE seq = ?", (row["seq"],))
        for row in reversed(batch):
            self._send(row)
        return True

    def _send_and_free_slot(self, row: sqlite3.Row) -> None:
        try:
            self._send(row)
        finally:
            self._slots.release()

    def _send(self, row: sqlite3.Row) -> None:
        # The address first: after a reset and a change of address, no older event reaches the new one.
        url, secret = self.outbox.url or "", self.outbox.secret
        found = self.store.owner_and_object(row["event"])
        if found is None:
            return
        status, error = _post(found[1], url, secret)
        attempts = row["attempts"] + 1
        delivered = status is not None and 200 <= status < 300
        if delivered or attempts >= MAX_ATTEMPTS:
            state, due_at, finished = ("delivered" if delivered else "failed"), row["due_at"], time.time()
        else:
            wait = retry_delay(attempts, self.retry_base_s)
            state, due_at, finished = "pending", time.time() + wait, None
        self.store.run(
            "UPDATE deliveries SET state = ?, attempts = ?, due_at = ?, status = ?, error = ?, finished_at = ? "
            "WHERE seq = ?",
            (state, attempts, due_at, status, error, finished, row["seq"]),
        )
        self.outbox.wake.set()


def _post(event: Obj, url: str, secret: str) -> tuple[int | None, str | None]:
    """Post once; the status, or the error in words. The signature's time is real time, never the simulated."""
    payload = encode(event)
    parts = urlsplit(url)
    make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=ATTEMPT_TIMEOUT_S)
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        "Stripe-Signature": signature(payload, secret, int(time.time())),
        "Connection": "close",
    }
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request("POST", path, payload, headers)
        answer = connection.getresponse()
        answer.read()
    except (OSError, http.client.HTTPException) as error:
        return None, f"{type(error).__name__}: {error}"
    finally:
        connection.close()
    return answer.status, None
