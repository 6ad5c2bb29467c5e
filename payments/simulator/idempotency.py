"""Idempotency keys as Stripe's: scoped by account, compared by endpoint and parameters, kept for 24 hours."""

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from payments.simulator.errors import ApiError, invalid
from payments.simulator.shapes import Answer, Obj
from payments.simulator.store import Store

KEPT_S = 24 * 3600
_MAX_LENGTH = 255


@dataclass(frozen=True)
class Claim:
    """One key in the hands of one request."""

    account: str
    key: str
    endpoint: str
    fingerprint: str
    request_id: str

    @classmethod
    def of(cls, *, account: str, key: str, endpoint: str, params: Obj, request_id: str) -> "Claim":
        """The claim of a request; the order of its parameters does not matter."""
        if len(key) > _MAX_LENGTH:
            raise invalid(f"Idempotency keys can be up to {_MAX_LENGTH} characters long.", param="Idempotency-Key")
        canonical = json.dumps(params, sort_keys=True, separators=(",", ":"))
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return cls(account=account, key=key, endpoint=endpoint, fingerprint=digest, request_id=request_id)


class Keys:
    """Remembered answers in the store; keys in flight in memory, so that a crash frees them."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._in_flight: set[tuple[str, str]] = set()

    @contextmanager
    def held(self, claim: Claim) -> Iterator[None]:
        """Hold the key; 409 while another request holds it."""
        slot = (claim.account, claim.key)
        with self._lock:
            if slot in self._in_flight:
                raise ApiError(
                    409,
                    "There is currently another in-progress request using this Idempotent Key (that probably means you "
                    f"submitted twice, and the other request is still going through): {claim.key}. Please try again later.",
                    code="idempotency_key_in_use",
                    saved=False,
                    headers={"Stripe-Should-Retry": "true"},
                )
            self._in_flight.add(slot)
        try:
            yield
        finally:
            with self._lock:
                self._in_flight.discard(slot)

    def replay(self, claim: Claim, *, now: int) -> Answer | None:
        """The remembered answer of the same request, or the error that the key belongs to another one."""
        self._store.run("DELETE FROM idempotency WHERE account = ? AND key = ? AND created <= ?",
                        (claim.account, claim.key, now - KEPT_S))  # fmt: skip
        found = self._store.rows("SELECT * FROM idempotency WHERE account = ? AND key = ?", (claim.account, claim.key))
        if not found:
            return None
        row = found[0]
        if row["endpoint"] != claim.endpoint:
            raise _mismatch(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{claim.endpoint}' vs '{row['endpoint']}'). Try using a key other than '{claim.key}' if you meant to "
                "execute a different request."
            )
        if row["fingerprint"] != claim.fingerprint:
            raise _mismatch(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{claim.key}' if you meant to execute a different request."
            )
        headers = {"Idempotent-Replayed": "true", "Original-Request": row["request_id"]}
        if row["status"] >= 500:
            headers["Stripe-Should-Retry"] = "false"
        return Answer(row["status"], row["body"], headers=headers)

    def remember(self, claim: Claim, answer: Answer, *, now: int) -> None:
        """Keep the answer, inside the caller's transaction."""
        self._store.run(
            "INSERT OR REPLACE INTO idempotency VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                claim.account,
                claim.key,
                claim.endpoint,
                claim.fingerprint,
                answer.status,
                answer.body,
                claim.request_id,
                now,
            ),
        )


def _mismatch(message: str) -> ApiError:
    return ApiError(400, message, kind="idempotency_error", saved=False)
