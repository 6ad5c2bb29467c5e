"""The hosted payment page of a Checkout Session; it works without JavaScript."""

import re
from urllib.parse import parse_qs

from payments.simulator.api import Simulator
from payments.simulator.call import Call
from payments.simulator.errors import ApiError, card_error
from payments.simulator.html import Markup, fill, message_page, page
from payments.simulator.resources import checkout_sessions, confirming, money
from payments.simulator.shapes import Answer, Obj, Request, see_other

_PAID = ("succeeded", "requires_capture", "processing")


def answer(simulator: Simulator, request: Request, steps: list[str]) -> Answer:
    """``/pay/<id>`` shows and takes the form, ``/pay/<id>/return`` is where the bank's page leads back to."""
    found = simulator.store.owner_and_object(steps[0]) if steps else None
    if found is None or found[1]["object"] != "checkout.session":
        return message_page("Nothing here", "There is no such payment page.", status=404)
    account, session = found
    if request.method == "POST":
        return _pay(simulator, request, account, session["id"])
    if session["status"] != "open":
        return _closed(session)
    if steps[1:] == ["return"]:
        return _form(session, error=_last_error(simulator.call("", account), session))
    return _form(session)


def _closed(session: Obj) -> Answer:
    if session["status"] == "complete":
        return see_other(_success_url(session))
    return message_page("This page has expired", "Go back to the shop and start the payment again.", status=410)


def _success_url(session: Obj) -> str:
    url: str = session["success_url"]
    return url.replace("{CHECKOUT_SESSION_ID}", session["id"])


def _last_error(call: Call, session: Obj) -> str:
    intent = call.load("payment_intent", session["payment_intent"])
    failure = intent["last_payment_error"]
    return failure["message"] if failure else ""


def _form(session: Obj, *, error: str = "", given: dict[str, str] | None = None) -> Answer:
    given = given or {}
    unit = session["currency"]
    lines = Markup(
        "".join(
            fill(
                "checkout_line.html",
                name=item["description"],
                quantity=str(item["quantity"]),
                amount=money.written(item["amount_total"], unit),
            )
            for item in session["_line_items"]
        )
    )
    cancel = fill("checkout_cancel.html", url=session["cancel_url"]) if session["cancel_url"] else Markup("")
    body = fill(
        "checkout.html",
        action=f"/pay/{session['id']}",
        total=money.written(session["amount_total"], unit),
        lines=lines,
        error=fill("error.html", text=error) if error else Markup(""),
        cancel=cancel,
        email=given.get("email", session["customer_email"] or ""),
        name=given.get("name", ""),
    )
    return page("Pay", body, status=402 if error else 200)


def _pay(simulator: Simulator, request: Request, account: str, identifier: str) -> Answer:
    """Take the card once: a second submission finds the session complete."""
    given = {name: values[0].strip() for name, values in parse_qs(request.body.decode(errors="replace")).items()}
    refusal: ApiError | None = None
    with simulator.store.transaction():
        call = simulator.call(request.base_url, account)
        session = call.load("checkout.session", identifier)
        if session["status"] != "open":
            return _closed(session)
        try:
            with simulator.store.undone_on_refusal():
                intent = _attempt(call, session, given)
        except ApiError as error:
            refusal = error
    if refusal is not None:
        return _form(session, error=refusal.error["message"], given=given)
    if intent["status"] == "requires_action":
        return see_other(intent["next_action"]["redirect_to_url"]["url"])
    return see_other(_success_url(session))


def _attempt(call: Call, session: Obj, given: dict[str, str]) -> Obj:
    month, year = _expiry(given.get("expiry", ""))
    card = {"number": given.get("number", ""), "exp_month": month, "exp_year": year, "cvc": given.get("cvc", "")}
    if not card["number"]:
        raise card_error("Your card number is incomplete.", code="incomplete_number", param="number")
    if not card["cvc"]:
        raise card_error("Your card's security code is incomplete.", code="incomplete_cvc", param="cvc")
    session["customer_details"] = {
        "address": {"country": given.get("country") or None},
        "email": given.get("email") or session["customer_email"],
        "name": given.get("name") or None,
        "phone": None,
    }
    intent = checkout_sessions.intent_of(call, session, given.get("email"))
    billing = {"name": given.get("name", ""), "email": given.get("email", "")}
    call.params = {
        "payment_method_data": {"type": "card", "card": card, "billing_details": billing},
        "return_url": f"{call.base_url}/pay/{session['id']}/return",
    }
    confirming.choose_method(call, intent)
    intent = confirming.pay(call, intent)
    if intent["status"] in _PAID:
        checkout_sessions.complete(call, session)
    return intent


def _expiry(typed: str) -> tuple[str, str]:
    match = re.fullmatch(r"(\d{1,2})\s*[/ -]?\s*(\d{2}|\d{4})", typed)
    if match is None:
        raise card_error("Your card's expiration date is incomplete.", code="incomplete_expiry", param="expiry")
    return match[1], match[2]
