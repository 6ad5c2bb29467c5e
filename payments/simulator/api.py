"""The API's pipeline: key, route, fault, idempotency, one transaction, answer."""

import base64
import binascii
import threading
from dataclasses import dataclass

from payments.simulator import forms
from payments.simulator.call import Call
from payments.simulator.clock import Clock
from payments.simulator.deliveries import Outbox
from payments.simulator.errors import ApiError, invalid, unauthorized
from payments.simulator.expand import expand
from payments.simulator.faults import Faults, Plan
from payments.simulator.idempotency import Claim, Keys
from payments.simulator.routes import ROUTES
from payments.simulator.routing import Route, check_params, resolve
from payments.simulator.shapes import (
    API_VERSION,
    PLATFORM_ACCOUNT,
    Answer,
    ConnectionDropped,
    Obj,
    Request,
    Settings,
    json_answer,
    new_id,
    public,
)
from payments.simulator.store import Store


@dataclass
class Simulator:
    """Everything one running simulator consists of. `api_key` None accepts any sk_test_ key."""

    store: Store
    outbox: Outbox
    clock: Clock
    settings: Settings
    faults: Faults
    keys: Keys
    stopping: threading.Event
    api_key: str | None = None

    def call(self, base_url: str, account: str = PLATFORM_ACCOUNT) -> Call:
        """A call of the simulator's own: a hosted page, the scheduler, the control endpoint."""
        return Call(self.store, self.outbox, self.settings, self.clock.now(), base_url, account=account)


@dataclass(frozen=True)
class _Job:
    """One API request, understood."""

    call: Call
    route: Route
    plan: Plan
    claim: Claim | None


def answer_api(simulator: Simulator, request: Request) -> Answer:
    """Answer one ``/v1/…`` request; raises ConnectionDropped where a fault says so."""
    request_id = new_id("req", 14)
    headers = {
        "Request-Id": request_id,
        "Stripe-Version": request.headers.get("Stripe-Version") or API_VERSION,
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "Request-Id, Stripe-Version",
        "Cache-Control": "no-cache, no-store",
    }
    if key := request.headers.get("Idempotency-Key"):
        headers["Idempotency-Key"] = key
    plan = simulator.faults.plan(request.method, request.path)
    if plan.has("drop_before"):
        raise ConnectionDropped
    try:
        answer = _answer(simulator, _understand(simulator, request, plan, request_id))
    except ApiError as error:
        answer = json_answer(error.body(), status=error.status, headers=error.headers)
    if plan.has("timeout_after") and plan.fault:
        simulator.stopping.wait(plan.fault.seconds)
    if plan.has("timeout_after") or plan.has("drop_after"):
        raise ConnectionDropped
    return Answer(answer.status, answer.body, answer.content_type, headers | answer.headers)


def _understand(simulator: Simulator, request: Request, plan: Plan, request_id: str) -> _Job:
    params = _params(request)
    account, publishable = _authenticate(simulator, request, params)
    if plan.has("error_429") and plan.fault:
        raise ApiError(
            429,
            "Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
            code="rate_limit",
            saved=False,
            headers={"Retry-After": str(plan.fault.retry_after)},
        )
    chosen, args = resolve(ROUTES, request.method, request.path)
    if publishable and not chosen.publishable:
        raise ApiError(
            403,
            "This API call cannot be made with a publishable API key. Please use a secret API key. You can find a list "
            "of your API keys at https://dashboard.stripe.com/account/apikeys.",
            code="secret_key_required",
            saved=False,
        )
    key = request.headers.get("Idempotency-Key") if request.method == "POST" else None
    call = simulator.call(request.base_url, account)
    call.params, call.args, call.request_id, call.idempotency_key = params, args, request_id, key
    call.publishable = publishable
    claim = None
    if key:
        claim = Claim.of(account=account, key=key, endpoint=request.path, params=params, request_id=request_id)
    return _Job(call, chosen, plan, claim)


def _params(request: Request) -> Obj:
    params = forms.decode(request.query)
    if not request.body:
        return params
    content_type = request.headers.get("Content-Type", "")
    if content_type and not content_type.startswith("application/x-www-form-urlencoded"):
        raise invalid(f"Invalid request: send application/x-www-form-urlencoded, not {content_type[:60]}.")
    try:
        return params | forms.decode(request.body.decode())
    except UnicodeDecodeError as error:
        raise invalid("Invalid request: the body is not UTF-8.") from error


def _authenticate(simulator: Simulator, request: Request, params: Obj) -> tuple[str, bool]:
    """The account acted upon, and whether the key is a publishable one."""
    key = _api_key(request) or forms.text(params, "key")
    if not key:
        raise unauthorized(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer "
            "auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). See https://stripe.com/docs/api#authentication."
        )
    publishable = key.startswith("pk_test_")
    known = key.startswith("sk_test_") if simulator.api_key is None else key == simulator.api_key
    if not (publishable or known):
        raise unauthorized(f"Invalid API Key provided: {key[:8]}{'*' * 12}{key[-4:]}")
    account = request.headers.get("Stripe-Account")
    if not account or account == PLATFORM_ACCOUNT:
        return PLATFORM_ACCOUNT, publishable
    if simulator.store.get("account", account, PLATFORM_ACCOUNT) is None:
        raise ApiError(
            403,
            f"The provided key '{key[:8]}{'*' * 12}{key[-4:]}' does not have access to account '{account}' (or that "
            "account does not exist). Application access may have been revoked.",
            code="account_invalid",
            saved=False,
        )
    return account, publishable


def _api_key(request: Request) -> str | None:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            return None
    return None


def _answer(simulator: Simulator, job: _Job) -> Answer:
    if job.claim is None:
        return _perform(simulator, job)
    with simulator.keys.held(job.claim):
        return _perform(simulator, job)


def _perform(simulator: Simulator, job: _Job) -> Answer:
    if job.plan.latency_s:
        simulator.stopping.wait(job.plan.latency_s)
    with simulator.store.lock:
        if job.claim and (replay := simulator.keys.replay(job.claim, now=job.call.now)):
            return replay
        job.call.now = simulator.clock.now()
        return _execute(simulator, job)


def _execute(simulator: Simulator, job: _Job) -> Answer:
    """Run the endpoint and remember its answer in the same transaction."""
    broken = job.plan.fault if job.plan.has("error_500") else None
    refusal: ApiError | None = None
    with simulator.store.transaction():
        if broken is None or broken.after:
            refusal, answer = _run(simulator, job)
        if broken is not None:
            answer, saved = server_error(), broken.saved
        else:
            saved = refusal is None or refusal.saved
        if job.claim and saved:
            simulator.keys.remember(job.claim, answer, now=job.call.now)
    return answer


def _run(simulator: Simulator, job: _Job) -> tuple[ApiError | None, Answer]:
    try:
        with simulator.store.undone_on_refusal():
            check_params(job.call.params, job.route.params)
            result = expand(job.call, public(job.route.endpoint(job.call)))
    except ApiError as error:
        return error, json_answer(error.body(), status=error.status, headers=error.headers)
    return None, json_answer(result)


def server_error() -> Answer:
    """Stripe's answer when something broke at its side."""
    error = ApiError(500, "An unknown error occurred. Please try again later.", kind="api_error")
    return json_answer(error.body(), status=500)
