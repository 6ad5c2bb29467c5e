"""The base of every error the domain raises on purpose."""

from collections.abc import Mapping


class AwningError(Exception):
    """An anticipated failure: callers branch on ``code`` and ``permanent``, interfaces answer with ``status``.

    ``message`` is written for the person who caused it and says what to do; ``fields`` maps input names to messages.
    """

    code = "error"
    status = 400
    permanent = True

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fields = dict(fields or {})


class NotFound(AwningError):
    """The thing does not exist, or is not this person's to see: both look alike."""

    code = "not_found"
    status = 404


class Conflict(AwningError):
    """The request was right when it was written, but the world has moved on."""

    code = "conflict"
    status = 409


class Unavailable(AwningError):
    """A dependency does not answer; the same request may succeed later, if known in ``retry_after`` seconds."""

    code = "unavailable"
    status = 503
    permanent = False

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message, fields=fields)
        self.retry_after = retry_after
