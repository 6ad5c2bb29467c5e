"""How to reach the buyer of a cart."""

import re

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

from marketplace.carts.errors import BadContact

_EMAIL = EmailValidator()
_LONGEST_EMAIL = 254
# Digits with the separators people write, and an extension.
_PHONE = re.compile(r"\+?[0-9 ()./x-]{5,40}")


def checked_contact(*, email: str, phone: str) -> tuple[str, str]:
    """Both without outer blanks; the phone number may be "". Raises BadContact with a message per field."""
    email, phone = email.strip(), phone.strip()
    wrong: dict[str, str] = {}
    try:
        _EMAIL(email)
        # A quoted name may hold blanks and control characters, which neither mail servers nor the provider take.
        if len(email) > _LONGEST_EMAIL or '"' in email:
            raise ValidationError("not an address that mail reaches")
    except ValidationError:
        wrong["email"] = "Enter an e-mail address, like name@example.com: the receipt goes there."
    if phone and not _PHONE.fullmatch(phone):
        wrong["phone"] = "Enter a phone number with digits, like +43 1 234 5678, or leave it empty."
    if wrong:
        raise BadContact("Please check how we can reach you.", fields=wrong)
    return email, phone
