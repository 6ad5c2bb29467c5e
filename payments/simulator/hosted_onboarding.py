"""The hosted onboarding of a connected account."""

from urllib.parse import parse_qs

from payments.simulator.api import Simulator
from payments.simulator.html import fill, message_page, page
from payments.simulator.resources import accounts
from payments.simulator.shapes import PLATFORM_ACCOUNT, Answer, Obj, Request, see_other


def answer(simulator: Simulator, request: Request, steps: list[str]) -> Answer:
    """GET shows the form once per link; POST with ``action=complete`` or ``later`` leads back to the shop."""
    if len(steps) != 2:
        return message_page("Nothing here", "There is no such page.", status=404)
    with simulator.store.transaction():
        call = simulator.call(request.base_url)
        link = call.load("_account_link", steps[1])
        account = call.load("account", steps[0])
        spent = link["account"] != account["id"] or link["expires_at"] < call.now
        if request.method == "POST" and not spent:
            return _submit(simulator, request, account, link)
        if spent or link["opened"]:
            return see_other(link["refresh_url"])
        link["opened"] = True
        simulator.store.put(link, PLATFORM_ACCOUNT)
    body = fill(
        "onboarding.html",
        account=account["id"],
        email=account["email"] or "",
        name=account["business_profile"]["name"] or "",
    )
    return page("Set up payouts", body)


def _submit(simulator: Simulator, request: Request, account: Obj, link: Obj) -> Answer:
    given = {name: values[0].strip() for name, values in parse_qs(request.body.decode(errors="replace")).items()}
    call = simulator.call(request.base_url)
    if given.get("action") == "complete":
        account["business_profile"]["name"] = given.get("name") or account["business_profile"]["name"]
        account["email"] = given.get("email") or account["email"]
        if number := given.get("iban", "").replace(" ", ""):
            accounts.attach_bank(call, account, {"account_number": number})
        accounts.complete(call, account)
    return see_other(link["return_url"])
