"""Paying a PaymentIntent: refusals, 3-D Secure, processing, the one charge."""

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.cards import AUTHENTICATION_REQUIRED, Refusal
from payments.simulator.errors import ApiError, invalid, refused
from payments.simulator.resources import capturing, charges, payment_methods
from payments.simulator.shapes import Obj, new_id, public

AUTHENTICATION_FAILED = (
    "We are unable to authenticate your payment method. Please choose a different payment method and try again."
)
_NEEDS_RETURN_URL = (
    "This PaymentIntent is configured to accept payment methods enabled in your Dashboard. Because some of these payment "
    "methods might redirect your customer off of your page, you must provide a `return_url`. If you don't want to accept "
    "redirect-based payment methods, set `automatic_payment_methods[enabled]` to `true` and "
    "`automatic_payment_methods[allow_redirects]` to `never` when creating Setup Intents and Payment Intents."
)


def choose_method(call: Call, intent: Obj) -> None:
    """Take the payment method of the parameters, if one is given; the intent then awaits confirmation."""
    if data := forms.mapping(call.params, "payment_method_data"):
        method = payment_methods.build(call, data)
    elif identifier := forms.text(call.params, "payment_method"):
        method = payment_methods.use(call, identifier)
    else:
        return
    if method["customer"] and method["customer"] != intent["customer"]:
        raise invalid(
            f"The provided PaymentMethod ({method['id']}) belongs to another customer: set the PaymentIntent's customer "
            "to that one, or use another PaymentMethod.",
            param="payment_method",
        )
    intent["payment_method"] = method["id"]
    intent["status"] = "requires_confirmation"
    intent["next_action"], intent["_action"] = None, None


def pay(call: Call, intent: Obj) -> Obj:
    """Try to pay with the chosen method; a refusal is recorded and raised as 402."""
    if intent["payment_method"] is None:
        raise refused(
            "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the "
            "PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment "
            "method or ConfirmationToken.",
            code="payment_intent_unexpected_state",
            extra={"payment_intent": public(intent)},
        )
    return_url = forms.web_url(call.params, "return_url")
    automatic = intent["automatic_payment_methods"]
    by_script = call.publishable or forms.boolean(call.params, "use_stripe_sdk")
    if automatic and automatic["allow_redirects"] == "always" and not return_url and not by_script:
        raise invalid(_NEEDS_RETURN_URL, param="return_url")
    method = call.refer("payment_method", intent["payment_method"], param="payment_method")
    if payment_methods.card_of(method).three_d_secure:
        absent = call.params.get("off_session") not in (None, "", "false")
        if absent or forms.boolean(call.params, "error_on_requires_action"):
            raise refuse(call, intent, method, AUTHENTICATION_REQUIRED)
        return require_authentication(call, intent, return_url=return_url, by_script=by_script)
    return _attempt(call, intent, method)


def _attempt(call: Call, intent: Obj, method: Obj) -> Obj:
    refusal = payment_methods.card_of(method).refusal
    if refusal is not None:
        raise refuse(call, intent, method, refusal)
    intent["next_action"], intent["_action"] = None, None
    if call.settings.processing_s:
        intent["status"] = "processing"
        call.save(intent)
        call.emit("payment_intent.processing", intent)
        call.store.set_timer("process", intent["id"], call.account, call.now + call.settings.processing_s)
        return intent
    return settle(call, intent)


def require_authentication(call: Call, intent: Obj, *, return_url: str | None, by_script: bool) -> Obj:
    """Ask for the 3-D Secure step: on a page of its own, or in a frame opened by the browser script."""
    token = new_id("tds", 20)
    url = f"{call.base_url}/3d_secure/{intent['id']}/{token}"
    if return_url and not by_script:
        intent["next_action"] = {"redirect_to_url": {"return_url": return_url, "url": url}, "type": "redirect_to_url"}
    else:
        # Stripe keeps the contents of use_stripe_sdk private; our script opens the URL in a frame.
        sdk = {"type": "three_d_secure_redirect", "source": token, "stripe_js": url}
        intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": sdk}
    intent["_action"] = {"token": token, "return_url": return_url, "by_script": by_script}
    intent["status"] = "requires_action"
    call.save(intent)
    call.emit("payment_intent.requires_action", intent)
    return intent


def finish_authentication(call: Call, intent: Obj, *, approved: bool) -> Obj:
    """The buyer answered the 3-D Secure step; refusals are recorded, not raised."""
    intent["next_action"], intent["_action"] = None, None
    method = call.refer("payment_method", intent["payment_method"], param="payment_method")
    if approved:
        try:
            return _attempt(call, intent, method)
        except ApiError as error:
            if not error.keep:
                raise
            return call.load("payment_intent", intent["id"])
    intent["last_payment_error"] = {
        "code": "payment_intent_authentication_failure",
        "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
        "message": AUTHENTICATION_FAILED,
        "payment_method": public(method),
        "type": "invalid_request_error",
    }
    intent["status"], intent["payment_method"] = "requires_payment_method", None
    call.save(intent)
    call.emit("payment_intent.payment_failed", intent)
    return intent


def refuse(call: Call, intent: Obj, method: Obj, refusal: Refusal) -> ApiError:
    """Record the refused attempt (a failed charge, the error on the intent); the 402 to raise."""
    charge = charges.fail(call, intent, method, refusal)
    error = refusal.error()
    failure = error.error | {"charge": charge["id"], "payment_method": public(method)}
    intent["last_payment_error"] = dict(failure)
    intent["latest_charge"] = charge["id"]
    intent["status"], intent["payment_method"] = "requires_payment_method", None
    intent["next_action"], intent["_action"] = None, None
    call.save(intent)
    call.emit("charge.failed", charge)
    call.emit("payment_intent.payment_failed", intent)
    error.error = failure | {"payment_intent": public(intent)}
    return error


def settle(call: Call, intent: Obj) -> Obj:
    """Charge the card: the one place where a PaymentIntent gets its successful charge."""
    method = call.refer("payment_method", intent["payment_method"], param="payment_method")
    intent["last_payment_error"], intent["processing"] = None, None
    charge = charges.authorize(call, intent, method)
    intent["latest_charge"] = charge["id"]
    if intent["setup_future_usage"] and intent["customer"] and not method["customer"]:
        payment_methods.attach_to(call, method, intent["customer"])
    if intent["capture_method"] == "manual":
        intent["status"] = "requires_capture"
        intent["amount_capturable"] = intent["amount"]
        call.save(intent)
        call.emit("charge.succeeded", charge)
        call.emit("payment_intent.amount_capturable_updated", intent)
        return intent
    capturing.collect(call, intent, charge, intent["amount"])
    call.emit("charge.succeeded", charge)
    call.emit("payment_intent.succeeded", intent)
    capturing.follow_up(call, charge)
    return intent


def finish_processing(call: Call, intent: Obj) -> None:
    """The scheduler's turn: a processing PaymentIntent is settled."""
    if intent["status"] == "processing":
        settle(call, intent)
