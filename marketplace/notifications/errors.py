"""Why an e-mail cannot be sent."""

from marketplace.core.errors import AwningError


class BadMail(AwningError):
    """A request for an e-mail that can never be sent: no such template, or no usable address."""

    code = "bad_mail"
    status = 500
