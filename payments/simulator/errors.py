"""Errors in Stripe's own JSON shape."""

from payments.simulator.shapes import Obj

DOCS = "https://stripe.com/docs/error-codes/"


class ApiError(Exception):
    """An answer other than 2xx.

    `saved`: the idempotency layer remembers it, as Stripe does once an endpoint began its work.
    `keep`: what the endpoint wrote before raising is committed (a declined charge is a fact).
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        extra: Obj | None = None,
        saved: bool = True,
        keep: bool = False,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.saved = saved
        self.keep = keep
        self.headers = headers or {}
        self.error: Obj = {"message": message, "type": kind}
        if code:
            self.error |= {"code": code, "doc_url": DOCS + code.replace("_", "-")}
        if param:
            self.error["param"] = param
        self.error |= extra or {}

    def body(self) -> Obj:
        """The answer's JSON body."""
        return {"error": self.error}


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """A parameter failed validation: nothing ran, so nothing is remembered under the idempotency key."""
    return ApiError(400, message, param=param, code=code, saved=False)


def missing_param(name: str) -> ApiError:
    """A required parameter is absent."""
    return invalid(f"Missing required param: {name}.", param=name, code="parameter_missing")


def refused(message: str, *, code: str | None = None, param: str | None = None, extra: Obj | None = None) -> ApiError:
    """The request was understood and the object's state forbids it."""
    return ApiError(400, message, code=code, param=param, extra=extra)


def no_such(kind: str, identifier: str, *, param: str = "id") -> ApiError:
    """The object does not exist, or belongs to another account."""
    return ApiError(404, f"No such {kind}: '{identifier}'", code="resource_missing", param=param)


def no_such_reference(kind: str, identifier: str, *, param: str) -> ApiError:
    """A parameter names an object that does not exist."""
    return invalid(f"No such {kind}: '{identifier}'", param=param, code="resource_missing")


def unauthorized(message: str) -> ApiError:
    """The API key is missing or wrong."""
    return ApiError(401, message, saved=False, headers={"WWW-Authenticate": 'Basic realm="Stripe"'})


def card_error(
    message: str, *, code: str, decline_code: str | None = None, param: str | None = None, extra: Obj | None = None
) -> ApiError:
    """The card was refused; what was recorded about the attempt stays."""
    more: Obj = {"decline_code": decline_code} if decline_code else {}
    return ApiError(402, message, kind="card_error", code=code, param=param, extra=more | (extra or {}), keep=True)
