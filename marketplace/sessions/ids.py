"""Ids of sessions: random, with a proof that we made them, and never stored as they are.

A forged id is refused by arithmetic alone. What is stored is a digest: a leaked backup opens no session.
"""

import base64
import hashlib
import hmac
import string
from typing import Final

from django.utils.crypto import get_random_string

from marketplace.sessions.policy import policy

# Lower case, because Django's own ids are: 165 bits of chance, 80 of proof.
_ALPHABET: Final = string.ascii_lowercase + string.digits
_RANDOM: Final = 32
_PROOF: Final = 16


def id_key(secret: str) -> bytes:
    """The key of the proof, made from the hall's secret and of no other use."""
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"awning-sessions").digest()


def new(key: bytes | None = None) -> str:
    """An id that nobody has: 48 lower-case letters and digits."""
    chance = get_random_string(_RANDOM, _ALPHABET)
    return chance + _proof(chance, key or policy().id_keys[0])


def genuine(key: str) -> bool:
    """Whether we made this id, with the present secret or a former one that still counts. No input or output."""
    if len(key) != _RANDOM + _PROOF or not (key.isascii() and key.isalnum()):
        return False
    chance, shown = key[:_RANDOM], key[_RANDOM:]
    return any(hmac.compare_digest(_proof(chance, secret), shown) for secret in policy().id_keys)


def digest(key: str) -> str:
    """Under what the session is kept. Digests of random ids need no salt and no slow hash."""
    return hashlib.sha256(key.encode()).hexdigest()


def _proof(chance: str, secret: bytes) -> str:
    made = hmac.digest(secret, chance.encode(), "sha256")[: _PROOF * 5 // 8]
    return base64.b32encode(made).decode().lower()
