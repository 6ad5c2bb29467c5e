"""The three accounts of the demo, printed for everybody to see: the demo listens on loopback alone."""

from dataclasses import dataclass
from typing import Final

PASSWORD: Final = "awning-demo"  # noqa: S105 - no secret, see above


@dataclass(frozen=True, slots=True)
class Login:
    """One of the accounts."""

    role: str
    email: str
    name: str


BUYER: Final = Login("buyer", "buyer@awning.test", "Mira Holt")
SELLER: Final = Login("seller", "seller@awning.test", "Jonas Weber")
OPERATOR: Final = Login("operator", "operator@awning.test", "Olga Reyes")
LOGINS: Final = (BUYER, SELLER, OPERATOR)
