"""The control endpoint: scripted faults, webhook modes, the clock, and the oracle of charges. Loopback only."""

import ipaddress
import json
import time
from collections.abc import Callable
from dataclasses import replace

from payments.simulator import oracle, past
from payments.simulator.api import Simulator
from payments.simulator.call import Call
from payments.simulator.deliveries import Modes
from payments.simulator.errors import ApiError
from payments.simulator.faults import Rule
from payments.simulator.resources import accounts, disputes, payouts, refunds
from payments.simulator.scheduler import run_due
from payments.simulator.shapes import PLATFORM_ACCOUNT, Answer, Obj, Request, Settings, json_answer

_MAX_DRAIN_S = 60.0
_SETTINGS = ("settlement_s", "payout_s", "processing_s", "search_lag_s")


class Misused(Exception):
    """The control request makes no sense; the text says what to send."""


def answer(simulator: Simulator, request: Request) -> Answer:
    """Answer one ``/_control/…`` request."""
    if not ipaddress.ip_address(request.client_host).is_loopback:
        return json_answer({"error": "The control endpoint answers loopback only."}, status=403)
    path = request.path.removeprefix("/_control").strip("/").split("/")
    try:
        script = _script(request)
        handler = _HANDLERS.get((request.method, path[0]))
        if handler is None:
            known = ", ".join(f"{method} /_control/{name}" for method, name in _HANDLERS)
            return json_answer({"error": f"Unknown control request. Known: {known}"}, status=404)
        return json_answer(handler(simulator, path[1:], script))
    except (Misused, ValueError, TypeError) as error:
        return json_answer({"error": str(error)}, status=400)
    except ApiError as error:
        return json_answer({"error": error.error["message"]}, status=error.status)


def _script(request: Request) -> Obj:
    if not request.body:
        return {}
    # A page from elsewhere cannot send this type without asking first, and is refused when it asks.
    if not request.headers.get("Content-Type", "").startswith("application/json"):
        raise Misused("Send the control request as application/json.")
    script = json.loads(request.body)
    return {"rules": script} if isinstance(script, list) else dict(script)


def _owned(simulator: Simulator, identifier: str, kind: str) -> tuple[Call, Obj]:
    found = simulator.store.owner_and_object(identifier)
    if found is None or found[1]["object"] != kind:
        raise Misused(f"No such {kind}: {identifier!r}")
    return simulator.call("", found[0]), found[1]


def _add_faults(simulator: Simulator, _path: list[str], script: Obj) -> Obj:
    rules = [Rule.parse(rule) for rule in script.get("rules", [script])]
    simulator.faults.add(rules)
    return {"rules": [rule.id for rule in rules]}


def _list_faults(simulator: Simulator, _path: list[str], _script: Obj) -> Obj:
    return {"rules": simulator.faults.listing()}


def _remove_faults(simulator: Simulator, path: list[str], _script: Obj) -> Obj:
    return {"removed": simulator.faults.remove(path[0] if path else None)}


def _webhooks(simulator: Simulator, path: list[str], script: Obj) -> Obj:
    if path == ["release"]:
        released = simulator.outbox.release(
            types=frozenset(script.get("types", ())),
            reverse=script.get("order") == "reverse",
            keep_holding=bool(script.get("keep_holding", False)),
        )
        return {"released": released}
    simulator.outbox.set_modes(Modes.parse(script))
    return {"modes": _modes(simulator)}


def _modes(simulator: Simulator) -> Obj:
    shown = dict(vars(simulator.outbox.modes))
    return {name: sorted(value) if isinstance(value, frozenset) else value for name, value in shown.items()}


def _webhook_state(simulator: Simulator, _path: list[str], _script: Obj) -> Obj:
    return {"url": simulator.outbox.url, "modes": _modes(simulator), "waiting": simulator.outbox.waiting()}


def _webhook_endpoint(simulator: Simulator, _path: list[str], script: Obj) -> Obj:
    if "url" in script:
        simulator.outbox.url = script["url"] or None
    if "secret" in script:
        simulator.outbox.secret = str(script["secret"])
    return {"url": simulator.outbox.url}


def _events(simulator: Simulator, path: list[str], script: Obj) -> Obj:
    if len(path) != 2 or path[1] != "resend":
        raise Misused("Send POST /_control/events/<id>/resend.")
    _, event = _owned(simulator, path[0], "event")
    copies = int(script.get("copies", 1))
    for _ in range(copies):
        simulator.outbox.resend(event["id"], event["type"])
    return {"resent": copies}


def _deliveries(simulator: Simulator, path: list[str], _script: Obj) -> Obj:
    return {"deliveries": simulator.outbox.log(event=path[0] if path else None)}


def _drain(simulator: Simulator, _path: list[str], script: Obj) -> Obj:
    """Wait until nothing is left to deliver; held deliveries do not count."""
    deadline = time.monotonic() + min(float(script.get("timeout_s", 10)), _MAX_DRAIN_S)
    run_due(simulator)
    while (left := simulator.outbox.waiting()) and time.monotonic() < deadline and not simulator.stopping.is_set():
        simulator.stopping.wait(0.02)
    return {"drained": left == 0, "waiting": left}


def _clock(simulator: Simulator, _path: list[str], script: Obj) -> Obj:
    simulator.clock.advance(int(script.get("advance_s") or script.get("advance") or 0))
    simulator.store.set_meta("clock_offset", str(simulator.clock.offset))
    run_due(simulator)
    return {"now": simulator.clock.now(), "offset_s": simulator.clock.offset}


def _settings(simulator: Simulator, _path: list[str], script: Obj) -> Obj:
    if unknown := sorted(set(script) - set(_SETTINGS)):
        raise Misused(f"Unknown setting {unknown[0]!r}: known are {', '.join(_SETTINGS)} (seconds).")
    for name, value in script.items():
        setattr(simulator.settings, name, int(value))
    return dict(vars(simulator.settings))


def _disputes(simulator: Simulator, path: list[str], script: Obj) -> Obj:
    with simulator.store.transaction():
        if path:
            call, dispute = _owned(simulator, path[0], "dispute")
            outcome = script.get("status")
            if outcome not in ("won", "lost"):
                raise Misused('Send {"status": "won"} or {"status": "lost"}.')
            return disputes.conclude(call, dispute, outcome)
        call, charge = _owned(simulator, str(script.get("charge")), "charge")
        reason = script.get("reason", "fraudulent")
        if reason not in (*disputes.REASONS, "inquiry") or charge["disputed"] or not charge["captured"]:
            raise Misused(
                f"The charge must be captured and undisputed, the reason one of {', '.join(disputes.REASONS)}."
            )
        return disputes.begin(
            call, charge, reason=reason, amount=int(script.get("amount") or charge["amount_captured"])
        )


def _payouts(simulator: Simulator, path: list[str], script: Obj) -> Obj:
    outcome = script.get("status")
    if not path or outcome not in ("paid", "failed"):
        raise Misused('Send POST /_control/payouts/<id> with {"status": "paid"} or {"status": "failed"}.')
    with simulator.store.transaction():
        call, payout = _owned(simulator, path[0], "payout")
        return payouts.conclude(call, payout, outcome, failure=script.get("failure_code"))


def _refunds(simulator: Simulator, path: list[str], _script: Obj) -> Obj:
    if len(path) != 2 or path[1] != "fail":
        raise Misused("Send POST /_control/refunds/<id>/fail.")
    with simulator.store.transaction():
        call, refund = _owned(simulator, path[0], "refund")
        return refunds.fail(call, refund)


def _accounts(simulator: Simulator, path: list[str], script: Obj) -> Obj:
    action = script.get("action")
    if not path or action not in ("complete", "restrict"):
        raise Misused('Send POST /_control/accounts/<id> with {"action": "complete"} or {"action": "restrict"}.')
    with simulator.store.transaction():
        call, account = _owned(simulator, path[0], "account")
        return accounts.complete(call, account) if action == "complete" else accounts.restrict(call, account)


def _past(simulator: Simulator, _path: list[str], script: Obj) -> Obj:
    return {"payment_intents": past.add(simulator, list(script.get("payments", ())))}


def _reset(simulator: Simulator, _path: list[str], _script: Obj) -> Obj:
    """Forget everything but the webhook endpoint; faults, modes, settings and clock go back to normal."""
    simulator.store.clear()
    simulator.faults.remove()
    simulator.outbox.set_modes(Modes())
    simulator.clock.offset = 0
    vars(simulator.settings).update(vars(replace(Settings())))
    return {"reset": True}


def _charges(simulator: Simulator, _path: list[str], _script: Obj) -> Obj:
    return {"charges": oracle.charges(simulator.store)}


def _state(simulator: Simulator, _path: list[str], _script: Obj) -> Obj:
    return oracle.state(simulator.store, simulator.clock.now())


def _health(simulator: Simulator, _path: list[str], _script: Obj) -> Obj:
    return {"status": "ok", "account": PLATFORM_ACCOUNT, "now": simulator.clock.now()}


_HANDLERS: dict[tuple[str, str], Callable[[Simulator, list[str], Obj], Obj]] = {
    ("GET", "health"): _health,
    ("GET", "charges"): _charges,
    ("GET", "state"): _state,
    ("GET", "deliveries"): _deliveries,
    ("GET", "faults"): _list_faults,
    ("POST", "faults"): _add_faults,
    ("DELETE", "faults"): _remove_faults,
    ("GET", "webhooks"): _webhook_state,
    ("POST", "webhooks"): _webhooks,
    ("POST", "webhook_endpoint"): _webhook_endpoint,
    ("POST", "events"): _events,
    ("POST", "drain"): _drain,
    ("POST", "clock"): _clock,
    ("POST", "settings"): _settings,
    ("POST", "disputes"): _disputes,
    ("POST", "payouts"): _payouts,
    ("POST", "refunds"): _refunds,
    ("POST", "accounts"): _accounts,
    ("POST", "past"): _past,
    ("POST", "reset"): _reset,
}
