"""Session data as they are stored: JSON, signed, so that nobody who can write the table becomes somebody else."""

import logging
from typing import Any, Final

from django.core import signing

logger = logging.getLogger("django.security.SuspiciousSession")
_SALT: Final = "hall_sessions.data"


def seal(data: dict[str, Any]) -> str:
    """The data as text. Raises TypeError for what is not JSON."""
    return signing.dumps(data, salt=_SALT, compress=True)


def unseal(text: str) -> dict[str, Any]:
    """The data; {} for what we have not signed."""
    try:
        data: dict[str, Any] = signing.loads(text, salt=_SALT)
    except signing.BadSignature:
        logger.warning("session.forged_data")
        return {}
    return data
