"""How letters leave the hall."""

from dataclasses import dataclass

from config.env import text


@dataclass(frozen=True, slots=True)
class Mail:
    """Django's backend, and what it needs: ``folder`` for files, ``brevo_key`` for the real post."""

    backend: str
    folder: str | None = None
    brevo_key: str | None = None


def mail() -> Mail:
    """By Brevo with a key, into files with a folder, else onto the console."""
    if key := text("BREVO_API_KEY", None):
        return Mail("anymail.backends.brevo.EmailBackend", brevo_key=key)
    if folder := text("MAIL_DIR", None):
        return Mail("django.core.mail.backends.filebased.EmailBackend", folder=folder)
    return Mail("django.core.mail.backends.console.EmailBackend")
