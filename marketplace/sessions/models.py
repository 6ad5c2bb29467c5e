"""Sessions, and which cached copies of them are no longer true."""

from typing import Any, ClassVar
from uuid import uuid4

from django.conf import settings
from django.contrib.sessions.base_session import AbstractBaseSession
from django.db import models

from marketplace.sessions.sealing import unseal


class Session(AbstractBaseSession):
    """One browser's session. ``session_key`` is the digest of the id in the cookie, never the id.

    ``version`` grows with every write of data, and only then. ``handle`` names the session to its owner.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    handle = models.UUIDField(default=uuid4, unique=True, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, related_name="sessions")
    privileged = models.BooleanField(default=False)
    version = models.BigIntegerField(default=1)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    browser = models.CharField(max_length=40, blank=True, default="")
    system = models.CharField(max_length=40, blank=True, default="")
    network = models.CharField(max_length=64, blank=True, default="")

    # Django's own would store what it is given under the id itself.
    objects: ClassVar[models.Manager["Session"]] = models.Manager()  # type: ignore[assignment]

    class Meta:
        verbose_name = "session"

    def __str__(self) -> str:
        return str(self.handle)

    def get_decoded(self) -> dict[str, Any]:
        """The data; {} when somebody else has written them."""
        return unseal(self.session_data)


class CopyFence(models.Model):
    """Copies of this session with a lower ``version`` are not to be believed, whatever Redis says.

    Written in the transaction that ends the session or changes its data behind Redis' back, and of use for as long as such
    a copy may exist.
    """

    session_key = models.CharField(max_length=64, primary_key=True)
    version = models.BigIntegerField()
    created_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return self.session_key[:8]
