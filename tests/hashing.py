"""Passwords of tests."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class QuickArgon2(Argon2PasswordHasher):
    """Argon2 with the least it takes; what it writes, the real one reads."""

    time_cost, memory_cost, parallelism = 1, 8, 1
