"""Connect accounts: created by the platform, completed on a hosted page."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.errors import invalid, refused
from payments.simulator.lists import LIST_PARAMS, list_object, page
from payments.simulator.shapes import PLATFORM_ACCOUNT, Obj, new_id

WRITE = frozenset(
    {"type", "country", "email", "capabilities", "business_type", "business_profile", "company", "individual",
     "metadata", "settings", "tos_acceptance", "controller", "default_currency", "external_account"}
)  # fmt: skip
LIST = LIST_PARAMS
LINK = frozenset({"account", "type", "refresh_url", "return_url", "collect", "collection_options"})
_LINK_LIVES_S = 300
_DUE = ["business_profile.mcc", "business_profile.url", "external_account", "tos_acceptance.date", "tos_acceptance.ip"]
_CURRENCY = {"GB": "gbp", "US": "usd", "CH": "chf", "PL": "pln", "SE": "sek", "DK": "dkk", "NO": "nok", "CZ": "czk"}
_CAPABILITIES = ("card_payments", "transfers")


def _requirements(due: list[str], *, disabled: str | None) -> Obj:
    return {
        "alternatives": [],
        "current_deadline": None,
        "currently_due": list(due),
        "disabled_reason": disabled,
        "errors": [],
        "eventually_due": list(due),
        "past_due": list(due),
        "pending_verification": [],
    }


def _settings() -> Obj:
    return {
        "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
        "dashboard": {"display_name": None, "timezone": "Etc/UTC"},
        "payments": {"statement_descriptor": None},
        "payouts": {
            "debit_negative_balances": False,
            "schedule": {"delay_days": 7, "interval": "manual"},
            "statement_descriptor": None,
        },
    }


def _blank(call: Call, kind: str, country: str) -> Obj:
    identifier = new_id("acct", 16)
    dashboard = {"standard": "full", "express": "express"}.get(kind, "none")
    requirements = _requirements(_DUE, disabled="requirements.past_due")
    return {
        "id": identifier,
        "object": "account",
        "business_profile": {
            "mcc": None,
            "name": None,
            "product_description": None,
            "support_email": None,
            "url": None,
        },
        "business_type": None,
        "capabilities": {},
        "charges_enabled": False,
        "controller": {
            "fees": {"payer": "application"},
            "is_controller": True,
            "losses": {"payments": "application"},
            "requirement_collection": "stripe",
            "stripe_dashboard": {"type": dashboard},
            "type": "application",
        },
        "country": country,
        "created": call.now,
        "default_currency": _CURRENCY.get(country, "eur"),
        "details_submitted": False,
        "email": None,
        "external_accounts": list_object(f"/v1/accounts/{identifier}/external_accounts", []),
        "future_requirements": _requirements([], disabled=None),
        "metadata": {},
        "payouts_enabled": False,
        "requirements": requirements,
        "settings": _settings(),
        "tos_acceptance": {"date": None, "ip": None, "user_agent": None},
        "type": kind,
    }


def _assign(call: Call, account: Obj) -> None:
    params = call.params
    for name in ("email", "default_currency"):
        if name in params:
            account[name] = forms.text(params, name)
    if kind := forms.choice(params, "business_type", ("individual", "company", "non_profit", "government_entity")):
        account["business_type"] = kind
    account["business_profile"] |= forms.mapping(params, "business_profile")
    for name in ("company", "individual"):
        if name in params:
            account[name] = account.get(name, {}) | forms.mapping(params, name)
    account["tos_acceptance"] |= forms.mapping(params, "tos_acceptance")
    capabilities = forms.mapping(params, "capabilities")
    for name in capabilities:
        if name not in _CAPABILITIES:
            raise invalid(f"Unknown capability {name}: the simulator knows card_payments and transfers.",
                          param=f"capabilities[{name}]")  # fmt: skip
        if forms.boolean(forms.mapping(capabilities, name), "requested"):
            account["capabilities"].setdefault(name, "active" if account["details_submitted"] else "inactive")
        else:
            account["capabilities"].pop(name, None)
    payouts = forms.mapping(forms.mapping(params, "settings"), "payouts")
    schedule = forms.mapping(payouts, "schedule")
    account["settings"]["payouts"] |= {name: value for name, value in payouts.items() if name != "schedule"}
    account["settings"]["payouts"]["schedule"] |= schedule
    if external := params.get("external_account"):
        attach_bank(call, account, external)
    account["metadata"] = forms.merge_metadata(account["metadata"], params)


def attach_bank(call: Call, account: Obj, given: object) -> None:
    """Give the account a bank account to be paid out to; without details a working test one."""
    details = given if isinstance(given, dict) else {}
    number = str(details.get("account_number", "DE89370400440532013000"))
    bank: Obj = {
        "id": new_id("ba"),
        "object": "bank_account",
        "account": account["id"],
        "account_holder_name": details.get("account_holder_name"),
        "account_holder_type": details.get("account_holder_type"),
        "bank_name": "STRIPE TEST BANK",
        "country": str(details.get("country", account["country"])),
        "currency": str(details.get("currency", account["default_currency"])).lower(),
        "default_for_currency": True,
        "fingerprint": new_id("fp", 14).replace("_", ""),
        "last4": number[-4:],
        "metadata": {},
        "routing_number": details.get("routing_number"),
        "status": "new",
    }
    account["_bank_number"] = number
    account["external_accounts"]["data"] = [bank]


def create(call: Call) -> Obj:
    """POST /v1/accounts."""
    kind = forms.choice(call.params, "type", ("express", "standard", "custom"))
    country = (forms.text(call.params, "country", default="DE") or "DE").upper()
    if len(country) != 2 or not country.isalpha():
        raise invalid(f"Country '{country}' is unknown. Try using a 2-character alphanumeric country code instead.",
                      param="country", code="country_unsupported")  # fmt: skip
    if kind and "controller" in call.params:
        raise invalid("You may only specify one of these parameters: type, controller.", param="type")
    account = _blank(call, kind or "none", country)
    _assign(call, account)
    call.save(account)
    call.on_account(account["id"]).emit("account.updated", account)
    return account


def retrieve(call: Call) -> Obj:
    """GET /v1/accounts/{id}."""
    return call.on_account(PLATFORM_ACCOUNT).load("account", call.args["id"])


def retrieve_own(call: Call) -> Obj:
    """GET /v1/account: the account of the key, or of the Stripe-Account header."""
    if call.account != PLATFORM_ACCOUNT:
        return call.on_account(PLATFORM_ACCOUNT).load("account", call.account)
    platform = _blank(call, "standard", "DE")
    platform |= {"id": PLATFORM_ACCOUNT, "charges_enabled": True, "payouts_enabled": True, "details_submitted": True}
    platform["requirements"] = _requirements([], disabled=None)
    return platform


def update(call: Call) -> Obj:
    """POST /v1/accounts/{id}."""
    account = call.load("account", call.args["id"])
    _assign(call, account)
    complete_now = account["tos_acceptance"]["date"] and account["external_accounts"]["data"]
    if complete_now and not account["details_submitted"]:
        return complete(call, account)
    call.save(account)
    call.on_account(account["id"]).emit("account.updated", account)
    return account


def delete(call: Call) -> Obj:
    """DELETE /v1/accounts/{id}."""
    account = call.load("account", call.args["id"])
    call.store.delete(account["id"])
    return {"id": account["id"], "object": "account", "deleted": True}


def complete(call: Call, account: Obj) -> Obj:
    """Everything Stripe asked for is there: requested capabilities become active."""
    if not account["external_accounts"]["data"]:
        attach_bank(call, account, None)
    if not account["tos_acceptance"]["date"]:
        account["tos_acceptance"] |= {"date": call.now, "ip": "127.0.0.1"}
    account["capabilities"] = dict.fromkeys(account["capabilities"] or ("transfers",), "active")
    account |= {
        "details_submitted": True,
        "payouts_enabled": True,
        "charges_enabled": True,
        "requirements": _requirements([], disabled=None),
    }
    call.save(account)
    call.on_account(account["id"]).emit("account.updated", account, previous={"details_submitted": False})
    return account


def restrict(call: Call, account: Obj) -> Obj:
    """Stripe asks for more: capabilities become inactive until the account is completed again."""
    account["capabilities"] = dict.fromkeys(account["capabilities"], "inactive")
    account |= {
        "payouts_enabled": False,
        "charges_enabled": False,
        "requirements": _requirements(["individual.verification.document"], disabled="requirements.past_due"),
    }
    call.save(account)
    call.on_account(account["id"]).emit("account.updated", account, previous={"payouts_enabled": True})
    return account


def listing(call: Call) -> Obj:
    """GET /v1/accounts."""
    return page(call, "account", "/v1/accounts")


def create_link(call: Call) -> Obj:
    """POST /v1/account_links: a page that can be opened once, for five minutes."""
    account = call.refer("account", forms.required(call.params, "account"), param="account")
    kind = forms.choice(call.params, "type", ("account_onboarding", "account_update"))
    forms.required(call.params, "type")
    if kind == "account_update" and not account["details_submitted"]:
        raise refused("You cannot create an account_update link before the account was onboarded.", param="type")
    for name in ("refresh_url", "return_url"):
        forms.required(call.params, name)
    token = new_id("acctlink", 16)
    call.save(
        {
            "id": token,
            "object": "_account_link",
            "created": call.now,
            "account": account["id"],
            "expires_at": call.now + _LINK_LIVES_S,
            "refresh_url": forms.web_url(call.params, "refresh_url"),
            "return_url": forms.web_url(call.params, "return_url"),
            "opened": False,
        }
    )
    url = f"{call.base_url}/setup/{account['id']}/{token}"
    return {"object": "account_link", "created": call.now, "expires_at": call.now + _LINK_LIVES_S, "url": url}


def create_login_link(call: Call) -> Obj:
    """POST /v1/accounts/{id}/login_links."""
    account = call.load("account", call.args["id"])
    if not account["details_submitted"]:
        raise refused("Cannot create a login link for an account that has not completed onboarding.")
    return {"object": "login_link", "created": call.now, "url": f"{call.base_url}/express/{account['id']}"}
