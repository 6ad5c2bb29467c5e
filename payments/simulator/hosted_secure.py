"""The 3-D Secure page of the buyer's bank."""

from urllib.parse import parse_qs

from payments.simulator.api import Simulator
from payments.simulator.call import Call
from payments.simulator.html import fill, message_page, page, with_query
from payments.simulator.resources import checkout_sessions, confirming, money
from payments.simulator.shapes import Answer, Obj, Request, see_other

_GONE = "This authentication step is finished or belongs to an earlier attempt."


def answer(simulator: Simulator, request: Request, steps: list[str]) -> Answer:
    """GET shows the step, POST with ``outcome=approve`` or ``fail`` answers it."""
    if len(steps) != 2:
        return message_page("Nothing here", _GONE, status=404)
    found = simulator.store.owner_and_object(steps[0])
    action = found[1].get("_action") if found else None
    if found is None or not action or action["token"] != steps[1]:
        return message_page("Authentication finished", _GONE, status=410)
    if request.method != "POST":
        intent = found[1]
        written = money.written(intent["amount"], intent["currency"])
        body = fill("secure.html", amount=written, description=intent["description"] or "your order")
        return page("3-D Secure authentication", body, framed=True)
    outcome = parse_qs(request.body.decode(errors="replace")).get("outcome", [""])[0]
    return _finish(simulator, request, found[0], steps[0], steps[1], approved=outcome == "approve")


def _finish(
    simulator: Simulator, request: Request, account: str, identifier: str, token: str, *, approved: bool
) -> Answer:
    with simulator.store.transaction():
        call = simulator.call(request.base_url, account)
        intent = call.load("payment_intent", identifier)
        action = intent["_action"]
        if not action or action["token"] != token:
            return message_page("Authentication finished", _GONE, status=410)
        intent = confirming.finish_authentication(call, intent, approved=approved)
        _complete_session(call, intent)
    paid = intent["status"] in ("succeeded", "requires_capture", "processing")
    if action["return_url"] and not action["by_script"]:
        return see_other(
            with_query(
                action["return_url"],
                payment_intent=intent["id"],
                payment_intent_client_secret=intent["client_secret"],
                redirect_status="succeeded" if paid else "failed",
            )
        )
    return page("Authentication finished", fill("secure_done.html"), framed=True)


def _complete_session(call: Call, intent: Obj) -> None:
    """A buyer who never comes back from the bank's page has paid all the same."""
    if intent["status"] not in ("succeeded", "requires_capture"):
        return
    for session in call.store.find("checkout.session", call.account, {"payment_intent": intent["id"]}):
        checkout_sessions.complete(call, session)
